//! The user of an agency's page, and the forms of that page. A value of these types is the proof.

use std::collections::HashMap;

use axum::RequestPartsExt as _;
use axum::extract::{Form, FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use tracing::warn;

use crate::http::HttpState;
use crate::http::error::PageError;
use crate::http::pages::location::location_user::{
    FIRST, TOKEN, check_origin, find_agency_session, not_ours, without_session,
};
use crate::http::pages::location::sso_login::Visitor;
use crate::http::pages::session::Session;
use crate::model::ids::CompanyId;
use crate::model::language::Text;

/// A user to whom GHL shows this agency's own view.
#[derive(Debug)]
pub(super) struct AgencyUser {
    /// The only agency whose rows the user may see.
    pub company: CompanyId,
    session: Session,
    query: HashMap<String, String>,
}

impl AgencyUser {
    /// An address of this session's pages; `rest` is empty or begins with a slash.
    pub(super) fn address(&self, rest: &str) -> String {
        format!("{}{rest}", self.session.path)
    }

    /// A part of the query. Not checked.
    pub(super) fn query_param(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    /// The user, as a visitor of a sub-account's page.
    pub(super) fn visitor(&self) -> Visitor {
        Visitor {
            may_change: true,
            agency: Some(self.company.clone()),
            name: self.name().to_owned(),
        }
    }

    /// Who it is, as the audit names him; empty in a session of another version.
    pub(super) fn name(&self) -> &str {
        self.session.user.as_deref().unwrap_or_default()
    }

    /// Whether the user is an admin of the agency.
    pub(super) const fn may_change(&self) -> bool {
        self.session.may_change
    }

    /// The hidden field of every form.
    pub(super) fn token(&self) -> Markup {
        html! { input type="hidden" name=(TOKEN) value=(self.session.csrf); }
    }
}

impl FromRequestParts<HttpState> for AgencyUser {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &HttpState) -> Result<Self, Response> {
        let names = parts.extract::<Path<HashMap<String, String>>>().await;
        let Path(names) = names.map_err(|_| not_ours().into_response())?;
        let query = parts.extract::<Query<HashMap<String, String>>>().await;
        let Query(query) = query.unwrap_or_default();
        let id = names.get("session").map_or("", String::as_str);
        let Some((company, session)) = find_agency_session(state, &parts.headers, id) else {
            return Err(without_session(parts, query.contains_key(FIRST)).await);
        };
        Ok(Self {
            company,
            session,
            query,
        })
    }
}

/// A form that was sent by one of the session's own pages, by an admin of the agency.
#[derive(Debug)]
pub(super) struct AgencyForm {
    /// The user who sent it.
    pub user: AgencyUser,
    fields: HashMap<String, String>,
}

impl AgencyForm {
    /// A field, trimmed; empty if it is missing.
    pub(super) fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", |text| text.trim())
    }
}

impl FromRequest<HttpState> for AgencyForm {
    type Rejection = Response;

    async fn from_request(request: Request, state: &HttpState) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let user = AgencyUser::from_request_parts(&mut parts, state).await?;
        check_origin(&parts, state).map_err(IntoResponse::into_response)?;
        let request = Request::from_parts(parts, body);
        let form = Form::<HashMap<String, String>>::from_request(request, state).await;
        let Form(fields) = form.map_err(|_| not_ours().into_response())?;
        let token = fields.get(TOKEN).map_or("", String::as_str);
        if !user.session.wrote(token) {
            return Err(not_ours().into_response());
        }
        if !user.may_change() {
            return Err(only_admins().into_response());
        }
        Ok(Self { user, fields })
    }
}

fn only_admins() -> PageError {
    warn!("a user of an agency who is no admin wanted to change something");
    PageError {
        status: StatusCode::FORBIDDEN,
        title: Text::new(
            "Only an admin of the agency may do this",
            "Hanya admin agensi boleh melakukan ini",
        ),
        text: Text::new(
            "Nothing was changed. Ask an admin of your agency. If you were made one just now, open the page again in GHL.",
            "Tiada apa-apa diubah. Minta admin agensi anda. Jika anda baru dijadikan admin, buka halaman ini sekali lagi dalam GHL.",
        ),
    }
}

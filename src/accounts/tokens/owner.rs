//! The owner of a token, and the lock that lets one caller renew it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

use crate::model::ids::{CompanyId, LocationId};
use crate::model::states::OwnerKind;

/// The owner of a token.
#[derive(Clone, Copy, Debug)]
pub enum Owner<'a> {
    /// An agency.
    Company(&'a CompanyId),
    /// A sub-account.
    Location(&'a LocationId),
}

impl<'a> Owner<'a> {
    pub(super) const fn kind(self) -> OwnerKind {
        match self {
            Self::Company(_) => OwnerKind::Company,
            Self::Location(_) => OwnerKind::Location,
        }
    }

    pub(super) fn id(self) -> &'a str {
        match self {
            Self::Company(company) => company.as_str(),
            Self::Location(location) => location.as_str(),
        }
    }

    pub(super) fn key(self) -> (OwnerKind, &'a str) {
        (self.kind(), self.id())
    }

    /// GHL's `user_type` in a refresh.
    pub(super) const fn user_type(self) -> &'static str {
        match self {
            Self::Company(_) => "Company",
            Self::Location(_) => "Location",
        }
    }

    /// The place of a part of the pair, which its seal is bound to.
    pub(super) fn place(self, part: &str) -> String {
        format!("tokens/{}/{}/{part}", self.user_type(), self.id())
    }
}

/// One lock for each owner, so that one caller in this process renews its pair. Locks are kept for every owner whose
/// token was ever renewed here: a few thousand at most.
#[derive(Clone, Debug, Default)]
pub(super) struct Turns(Arc<Mutex<HashMap<(OwnerKind, String), Turn>>>);

type Turn = Arc<AsyncMutex<()>>;

impl Turns {
    pub(super) async fn take(&self, owner: Owner<'_>) -> OwnedMutexGuard<()> {
        let key = (owner.kind(), owner.id().to_owned());
        let turn = {
            let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(turns.entry(key).or_default())
        };
        turn.lock_owned().await
    }
}

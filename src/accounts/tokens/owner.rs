//! Whose token, and whose turn it is to look after it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

use crate::model::ids::{CompanyId, LocationId};
use crate::model::states::OwnerKind;

/// Whose token.
#[derive(Clone, Copy, Debug)]
pub enum Owner<'a> {
    /// An agency's.
    Company(&'a CompanyId),
    /// A sub-account's.
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

    /// GHL's `user_type` of a refresh.
    pub(super) const fn user_type(self) -> &'static str {
        match self {
            Self::Company(_) => "Company",
            Self::Location(_) => "Location",
        }
    }

    /// Where a part of the pair is kept, bound into its seal.
    pub(super) fn place(self, part: &str) -> String {
        format!("tokens/{}/{}/{part}", self.user_type(), self.id())
    }
}

/// Whose turn it is, within this process, to look after an owner's pair. It holds one lock for each owner whose token
/// was ever renewed here: some thousands at most.
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

//! What an error of a connection means, by its causes: the words of errors would name addresses.

use std::error::Error;
use std::io;

use crate::model::alert::AlertFault;

/// The fault of encryption that an error is about.
pub(super) fn find_tls_fault(error: &(dyn Error + 'static)) -> Option<AlertFault> {
    find(error, |cause| match cause.downcast_ref()? {
        rustls::Error::InvalidCertificate(_) => Some(AlertFault::Untrusted),
        _ => Some(AlertFault::NotEncrypted),
    })
}

/// [`AlertFault::Late`], if an error is about time.
pub(super) fn find_timeout(error: &(dyn Error + 'static)) -> Option<AlertFault> {
    find(error, |cause| {
        let error: &io::Error = cause.downcast_ref()?;
        (error.kind() == io::ErrorKind::TimedOut).then_some(AlertFault::Late)
    })
}

/// Asks an error and all its causes. An [`io::Error`] hides the one that it was made from among them.
fn find<T>(
    error: &(dyn Error + 'static),
    ask: impl Fn(&(dyn Error + 'static)) -> Option<T>,
) -> Option<T> {
    let mut next = Some(error);
    while let Some(cause) = next {
        if let Some(found) = ask(cause) {
            return Some(found);
        }
        let hidden = cause.downcast_ref().and_then(io::Error::get_ref);
        next = match hidden {
            Some(hidden) => Some(hidden as &(dyn Error + 'static)),
            None => cause.source(),
        };
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_found_within_an_io_error() {
        let untrusted = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        let wrapped = io::Error::other(io::Error::new(io::ErrorKind::InvalidData, untrusted));
        assert_eq!(find_tls_fault(&wrapped), Some(AlertFault::Untrusted));
        let broken = io::Error::other(rustls::Error::HandshakeNotComplete);
        assert_eq!(find_tls_fault(&broken), Some(AlertFault::NotEncrypted));
        let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
        assert_eq!(find_tls_fault(&refused), None);
        assert_eq!(find_timeout(&refused), None);
        let late = io::Error::other(io::Error::from(io::ErrorKind::TimedOut));
        assert_eq!(find_timeout(&late), Some(AlertFault::Late));
    }
}

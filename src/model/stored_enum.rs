//! Enums that Postgres keeps as text.

/// Declares an enum that is stored as text. Each variant has its text, and its label in English and Malay.
macro_rules! stored_enum {
    ($(#[$about:meta])+ $name:ident { $($(#[$about_variant:meta])+ $variant:ident = $text:literal, $english:literal, $malay:literal;)+ }) => {
        $(#[$about])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $($(#[$about_variant])+ $variant,)+
        }

        impl $name {
            /// All of them, in the order in which they follow each other, or of their importance.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The text in Postgres, in metrics, in logs and in JSON.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }

            /// What people read.
            #[must_use]
            pub const fn label(self, language: $crate::model::language::Language) -> &'static str {
                match self {
                    $(Self::$variant => language.pick($english, $malay),)+
                }
            }

            /// The label in both languages.
            #[must_use]
            pub fn text(self) -> $crate::model::language::Text {
                $crate::model::language::Text::new(
                    self.label($crate::model::language::Language::English),
                    self.label($crate::model::language::Language::Malay),
                )
            }

            /// The value with this text; none for a text of another version.
            #[must_use]
            pub fn find(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.as_str() == text)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl sqlx::Type<sqlx::Postgres> for $name {
            fn type_info() -> sqlx::postgres::PgTypeInfo {
                <str as sqlx::Type<sqlx::Postgres>>::type_info()
            }

            fn compatible(info: &sqlx::postgres::PgTypeInfo) -> bool {
                <str as sqlx::Type<sqlx::Postgres>>::compatible(info)
            }
        }

        impl sqlx::postgres::PgHasArrayType for $name {
            fn array_type_info() -> sqlx::postgres::PgTypeInfo {
                <&str as sqlx::postgres::PgHasArrayType>::array_type_info()
            }
        }

        impl sqlx::Encode<'_, sqlx::Postgres> for $name {
            fn encode_by_ref(
                &self,
                buffer: &mut sqlx::postgres::PgArgumentBuffer,
            ) -> Result<sqlx::encode::IsNull, sqlx::error::BoxDynError> {
                sqlx::Encode::<sqlx::Postgres>::encode_by_ref(&self.as_str(), buffer)
            }
        }

        impl sqlx::Decode<'_, sqlx::Postgres> for $name {
            fn decode(value: sqlx::postgres::PgValueRef<'_>) -> Result<Self, sqlx::error::BoxDynError> {
                let text = <&str as sqlx::Decode<sqlx::Postgres>>::decode(value)?;
                Self::find(text).ok_or_else(|| format!("{text:?} is no {}", stringify!($name)).into())
            }
        }
    };
}
pub(in crate::model) use stored_enum;

//! Registering: a user, the first wallet and the first session in one commit.

use crate::audit::Actor;
use crate::auth::email::EmailAddress;
use crate::auth::password::PasswordContext;
use crate::auth::profile::PersonName;
use crate::auth::record::{Tokens, User};
use crate::engine::auth::issue::{Lifetimes, begin_session, check_device, hash_password, issue};
use crate::engine::book::Book;
use crate::engine::inner::{Access, Inner};
use crate::engine::wallet::{check_label, create_inside};
use crate::entropy::Supplies;
use crate::error::{Error, Result};
use crate::event::EventDraft;
use crate::id::UserId;
use crate::money::currency::Currency;
use crate::secret::Secret;
use crate::store::auth::{self, SessionRow, UserRow};
use crate::store::tx::WriteTx;
use crate::vocabulary::{Code, EventName, Role, UserStatus};
use crate::wallet::record::Wallet;

/// Who wants to become a user.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Registration {
    /// Their address; stored in lower case.
    pub email: String,
    /// Their first name, 1 to 50 code points.
    pub first_name: String,
    /// Their last name, 1 to 50 code points.
    pub last_name: String,
    /// Their password, UTF-8, 15 code points to 1024 bytes by default.
    pub password: Secret,
    /// What to call the first wallet, up to 100 bytes. Empty by default.
    pub wallet_label: String,
    /// What to call the device they register from, up to 100 bytes. Empty by default.
    pub device: String,
}

impl Registration {
    /// A registration with these fields and no labels.
    #[must_use]
    pub fn new(
        email: impl Into<String>,
        first_name: impl Into<String>,
        last_name: impl Into<String>,
        password: impl Into<Secret>,
    ) -> Self {
        Registration {
            email: email.into(),
            first_name: first_name.into(),
            last_name: last_name.into(),
            password: password.into(),
            wallet_label: String::new(),
            device: String::new(),
        }
    }

    /// Names the first wallet.
    #[must_use]
    pub fn with_wallet_label(mut self, label: impl Into<String>) -> Self {
        self.wallet_label = label.into();
        self
    }

    /// Names the device they register from.
    #[must_use]
    pub fn with_device(mut self, device: impl Into<String>) -> Self {
        self.device = device.into();
        self
    }
}

/// A new user with the first wallet, logged in.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Registered {
    /// The user.
    pub user: User,
    /// Their first wallet, in the configured currency.
    pub wallet: Wallet,
    /// The tokens of their first session.
    pub tokens: Tokens,
}

/// What is written down of a registration that has passed every check.
#[derive(Clone)]
struct Newcomer {
    email: EmailAddress,
    first_name: PersonName,
    last_name: PersonName,
    password_hash: String,
    wallet_label: String,
    device: String,
    currency: Currency,
}

/// Makes a user, a wallet and a session.
pub(crate) fn register(inner: &Inner, request: &Registration) -> Result<Registered> {
    let email = EmailAddress::parse(&request.email)?;
    let first_name = PersonName::parse("first_name", &request.first_name)?;
    let last_name = PersonName::parse("last_name", &request.last_name)?;
    let person = PasswordContext { email: &email, names: &[first_name.as_str(), last_name.as_str()] };
    inner.config.passwords.check(&request.password, &person)?;
    check_label(&request.wallet_label)?;
    check_device(&request.device)?;
    // Asked again in the commit; here it saves the hash.
    inner.read(|tx| demand_free(tx, &email))?;
    let newcomer = Newcomer {
        password_hash: hash_password(inner, &request.password, inner.deadline())?,
        email,
        first_name,
        last_name,
        wallet_label: request.wallet_label.clone(),
        device: request.device.clone(),
        currency: inner.config.currency,
    };
    let lifetimes = Lifetimes::of(inner);
    let (user, wallet, session) = inner.write(move |tx, supplies| record(tx, supplies, lifetimes, &newcomer))?;
    let tokens = issue(inner, user.id, &session, session.counter)?;
    Ok(Registered { user, wallet, tokens })
}

fn record(
    tx: &WriteTx<'_>,
    supplies: &Supplies,
    lifetimes: Lifetimes,
    newcomer: &Newcomer,
) -> Result<(User, Wallet, SessionRow)> {
    demand_free(tx, &newcomer.email)?;
    let user = User {
        id: UserId::mint(supplies, supplies.wall)?,
        email: newcomer.email.as_str().to_owned(),
        first_name: newcomer.first_name.as_str().to_owned(),
        last_name: newcomer.last_name.as_str().to_owned(),
        // Whatever a form said: roles are given, never taken.
        role: Role::User,
        status: UserStatus::Active,
        version: 1,
        created_at: supplies.wall,
        updated_at: supplies.wall,
    };
    auth::insert(tx, &user, &newcomer.password_hash)?;
    let draft = EventDraft::new(EventName::UserRegistered).user(user.id);
    let book = Book::open(tx, supplies);
    book.event(&draft)?;
    book.audit(Actor::User(user.id), draft.name().name(), user.id, &draft)?;
    book.close()?;
    let access = Access::Owner(user.id);
    let wallet = create_inside(tx, supplies, access, user.id, newcomer.currency, &newcomer.wallet_label)?;
    let row = UserRow { user, password_hash: newcomer.password_hash.clone(), generation: 1 };
    let session = begin_session(tx, supplies, lifetimes, &row, &newcomer.device)?;
    Ok((row.user, wallet, session))
}

fn demand_free(tx: &crate::store::tx::ReadTx<'_>, email: &EmailAddress) -> Result<()> {
    match auth::find_by_email(tx, email.as_str())? {
        None => Ok(()),
        Some(_) => Err(Error::field(Code::EmailTaken, "email", "an account with this address exists; log in instead")),
    }
}

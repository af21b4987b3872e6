//! `engine.auth`: users and sessions.

use crate::scenario::line::Words;
use crate::scenario::stage::Stage;
use crate::scenario::stop::Answer;
use crate::scenario::verbs::Verb;
use fusepay_core::{Login, ProfileUpdate, Registration, Role, Secret};

pub(super) const VERBS: &[Verb] = &[
    Verb {
        name: "auth.register",
        words: "email password first_name? last_name? label? device? as?",
        prints: "user wallet tokens",
        run: register,
    },
    Verb { name: "auth.login", words: "email password device? as?", prints: "tokens", run: login },
    Verb { name: "auth.refresh", words: "refresh as?", prints: "tokens", run: refresh },
    Verb { name: "auth.verify", words: "token", prints: "principal", run: verify },
    Verb { name: "auth.logout", words: "token", prints: "done", run: logout },
    Verb { name: "auth.logout_everywhere", words: "token", prints: "done", run: logout_everywhere },
    Verb { name: "auth.change_password", words: "token current new as?", prints: "tokens", run: change_password },
    Verb { name: "auth.find_user", words: "user as?", prints: "user", run: find_user },
    Verb {
        name: "auth.update_profile",
        words: "user first_name? last_name? expected_version?",
        prints: "user",
        run: update_profile,
    },
    Verb { name: "auth.search_users", words: "text limit? as?", prints: "list user*", run: search_users },
    Verb { name: "auth.set_role", words: "user role", prints: "user", run: set_role },
    Verb { name: "auth.deactivate", words: "user", prints: "user", run: deactivate },
    Verb { name: "auth.reactivate", words: "user", prints: "user", run: reactivate },
    Verb { name: "auth.sessions", words: "user as?", prints: "list session*", run: sessions },
    Verb { name: "auth.revoke_session", words: "session", prints: "done", run: revoke_session },
    Verb {
        name: "auth.rotate_signing_key",
        words: "kid key old_not_after_ms",
        prints: "done",
        run: rotate_signing_key,
    },
    Verb { name: "auth.retire_key", words: "kid", prints: "done", run: retire_key },
];

fn secret(words: &Words, key: &str) -> Answer<Secret> {
    Ok(Secret::from(words.text(key)?))
}

fn register(stage: &mut Stage, words: &Words) -> Answer<()> {
    let (first, last) = (words.text_or("first_name", "Ada"), words.text_or("last_name", "Obi"));
    let request = Registration::new(words.text("email")?, first, last, secret(words, "password")?)
        .with_wallet_label(words.text_or("label", ""))
        .with_device(words.text_or("device", ""));
    let made = stage.engine()?.auth().register(&request)?;
    if let Some(name) = words.optional("as") {
        let wallet = format!("{name}.wallet");
        crate::scenario::shown::Shown::bind(&made.user, name, &mut stage.names);
        crate::scenario::shown::Shown::bind(&made.wallet, &wallet, &mut stage.names);
        crate::scenario::shown::Shown::bind(&made.tokens, name, &mut stage.names);
    }
    stage.show(&made.user);
    stage.show(&made.wallet);
    stage.show(&made.tokens);
    Ok(())
}

fn login(stage: &mut Stage, words: &Words) -> Answer<()> {
    let request = Login::new(words.text("email")?, secret(words, "password")?).with_device(words.text_or("device", ""));
    let tokens = stage.engine()?.auth().login(&request)?;
    stage.answer(words, &tokens);
    Ok(())
}

fn refresh(stage: &mut Stage, words: &Words) -> Answer<()> {
    let tokens = stage.engine()?.auth().refresh(words.text("refresh")?)?;
    stage.answer(words, &tokens);
    Ok(())
}

fn verify(stage: &mut Stage, words: &Words) -> Answer<()> {
    let principal = stage.engine()?.auth().verify(words.text("token")?)?;
    stage.show(&principal);
    Ok(())
}

fn logout(stage: &mut Stage, words: &Words) -> Answer<()> {
    stage.engine()?.auth().logout(words.text("token")?)?;
    stage.done();
    Ok(())
}

fn logout_everywhere(stage: &mut Stage, words: &Words) -> Answer<()> {
    stage.engine()?.auth().logout_everywhere(words.text("token")?)?;
    stage.done();
    Ok(())
}

fn change_password(stage: &mut Stage, words: &Words) -> Answer<()> {
    let (current, new) = (secret(words, "current")?, secret(words, "new")?);
    let tokens = stage.engine()?.auth().change_password(words.text("token")?, &current, &new)?;
    stage.answer(words, &tokens);
    Ok(())
}

fn find_user(stage: &mut Stage, words: &Words) -> Answer<()> {
    let user = stage.engine()?.auth().find_user(words.id("user")?)?;
    stage.answer(words, &user);
    Ok(())
}

fn update_profile(stage: &mut Stage, words: &Words) -> Answer<()> {
    let change = ProfileUpdate::parse(words.optional("first_name"), words.optional("last_name"))?;
    let expected = words.optional_number("expected_version")?;
    let user = stage.engine()?.auth().update_profile(words.id("user")?, &change, expected)?;
    stage.show(&user);
    Ok(())
}

fn search_users(stage: &mut Stage, words: &Words) -> Answer<()> {
    let page = stage.engine()?.auth().search_users(words.text("text")?, None, words.limit()?)?;
    stage.answer_list(words, &page.users);
    Ok(())
}

fn set_role(stage: &mut Stage, words: &Words) -> Answer<()> {
    let role = words.word("role", Role::from_name)?;
    let user = stage.engine()?.auth().set_role(words.id("user")?, role)?;
    stage.show(&user);
    Ok(())
}

fn deactivate(stage: &mut Stage, words: &Words) -> Answer<()> {
    let user = stage.engine()?.auth().deactivate(words.id("user")?)?;
    stage.show(&user);
    Ok(())
}

fn reactivate(stage: &mut Stage, words: &Words) -> Answer<()> {
    let user = stage.engine()?.auth().reactivate(words.id("user")?)?;
    stage.show(&user);
    Ok(())
}

fn sessions(stage: &mut Stage, words: &Words) -> Answer<()> {
    let sessions = stage.engine()?.auth().sessions(words.id("user")?)?;
    stage.answer_list(words, &sessions);
    Ok(())
}

fn revoke_session(stage: &mut Stage, words: &Words) -> Answer<()> {
    stage.engine()?.auth().revoke_session(words.id("session")?)?;
    stage.done();
    Ok(())
}

fn rotate_signing_key(stage: &mut Stage, words: &Words) -> Answer<()> {
    let until = stage.moment(words.number("old_not_after_ms")?);
    stage.engine()?.auth().rotate_signing_key(words.text("kid")?, &secret(words, "key")?, until)?;
    stage.done();
    Ok(())
}

fn retire_key(stage: &mut Stage, words: &Words) -> Answer<()> {
    stage.engine()?.auth().retire_key(words.text("kid")?)?;
    stage.done();
    Ok(())
}

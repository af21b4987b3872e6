//! The names a scenario gives to ids, tokens and cursors, which are never
//! printed themselves.

/// What a name stands for. Ids of different kinds may have the same text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A user's id.
    User,
    /// A wallet's id.
    Wallet,
    /// A session's id.
    Session,
    /// A transaction's id.
    Transaction,
    /// A payment's id.
    Payment,
    /// A payment's id at its provider.
    Request,
    /// A hold's id.
    Hold,
    /// A quote's id.
    Quote,
    /// A job's number.
    Job,
    /// An access or a refresh token.
    Token,
    /// The cursor of a page.
    Cursor,
}

/// Every name so far, in the order of its first binding.
#[derive(Debug, Default)]
pub(crate) struct Names {
    list: Vec<(String, Kind, String)>,
}

impl Names {
    /// Lets a name stand for this. A name that is there already keeps its place
    /// and takes the new value.
    pub(crate) fn bind(&mut self, name: &str, kind: Kind, text: impl ToString) {
        let text = text.to_string();
        match self.list.iter_mut().find(|(known, _, _)| known == name) {
            Some(entry) => (entry.1, entry.2) = (kind, text),
            None => self.list.push((name.to_owned(), kind, text)),
        }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    /// What a name stands for.
    #[must_use]
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.list.iter().find(|(known, _, _)| known == name).map(|(_, _, text)| text.as_str())
    }

    /// The first name of this, `?` when it has none.
    #[must_use]
    pub(crate) fn name(&self, kind: Kind, text: &str) -> &str {
        let found = self.list.iter().find(|(_, known, value)| *known == kind && value == text);
        found.map_or("?", |(name, _, _)| name.as_str())
    }
}

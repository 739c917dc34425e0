//! One transaction of a test, written as what it does.

/// `writes!(db.store, [lead, crm], |tx| tx.lead_set_crm(&lead, &crm).await)`: what stands in brackets is copied for every try.
macro_rules! writes {
    ($store:expr, $([$($lent:ident),+],)? |$tx:ident| $body:expr) => {{
        let store = &$store;
        $($(let $lent = $lent.clone();)+)?
        store.write("test", move |$tx| {
            $($(let $lent = $lent.clone();)+)?
            Box::pin(async move { $body })
        })
    }};
}

/// The same against one state, writing nothing. What is one method of the transaction has its name on [`baton::store::Store`].
macro_rules! reads {
    ($store:expr, $([$($lent:ident),+],)? |$tx:ident| $body:expr) => {{
        let store = &$store;
        $($(let $lent = $lent.clone();)+)?
        store.read("test", move |$tx| {
            $($(let $lent = $lent.clone();)+)?
            Box::pin(async move { $body })
        })
    }};
}

pub(crate) use {reads, writes};

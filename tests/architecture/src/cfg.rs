//! Conditional compilation: `cfg(test)` is evaluated, every other condition counts as possibly true.

use syn::punctuated::Punctuated;
use syn::{Attribute, ImplItem, Item, Meta, Stmt, Token, TraitItem};

/// Whether an item with these attributes may be compiled.
pub(crate) fn is_compiled(attributes: &[Attribute], is_test: bool) -> bool {
    attributes.iter().filter(|attribute| attribute.path().is_ident("cfg")).all(|attribute| {
        attribute.parse_args::<Meta>().map_or(true, |condition| holds(&condition, is_test) != Some(false))
    })
}

/// The value of a condition. `None`: it depends on the target or on a feature.
fn holds(condition: &Meta, is_test: bool) -> Option<bool> {
    match condition {
        Meta::Path(path) if path.is_ident("test") => Some(is_test),
        Meta::List(list) => {
            let parts = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).ok()?;
            let mut parts = parts.iter().map(|part| holds(part, is_test));
            if list.path.is_ident("not") {
                parts.next().flatten().map(|part| !part)
            } else {
                let decisive = list.path.is_ident("any");
                let parts: Vec<Option<bool>> = parts.collect();
                if parts.contains(&Some(decisive)) {
                    Some(decisive)
                } else if parts.contains(&None) {
                    None
                } else {
                    Some(!decisive)
                }
            }
        }
        _ => None,
    }
}

/// The attributes of an item.
pub(crate) fn item_attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::ForeignMod(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::TraitAlias(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// The attributes of an item of an `impl`.
pub(crate) fn impl_item_attributes(item: &ImplItem) -> &[Attribute] {
    match item {
        ImplItem::Const(item) => &item.attrs,
        ImplItem::Fn(item) => &item.attrs,
        ImplItem::Macro(item) => &item.attrs,
        ImplItem::Type(item) => &item.attrs,
        _ => &[],
    }
}

/// The attributes of an item of a trait.
pub(crate) fn trait_item_attributes(item: &TraitItem) -> &[Attribute] {
    match item {
        TraitItem::Const(item) => &item.attrs,
        TraitItem::Fn(item) => &item.attrs,
        TraitItem::Macro(item) => &item.attrs,
        TraitItem::Type(item) => &item.attrs,
        _ => &[],
    }
}

/// The attributes of a statement.
pub(crate) fn statement_attributes(statement: &Stmt) -> &[Attribute] {
    match statement {
        Stmt::Local(local) => &local.attrs,
        Stmt::Item(item) => item_attributes(item),
        Stmt::Macro(call) => &call.attrs,
        Stmt::Expr(syn::Expr::Block(block), _) => &block.attrs,
        Stmt::Expr(syn::Expr::Call(call), _) => &call.attrs,
        Stmt::Expr(syn::Expr::If(branch), _) => &branch.attrs,
        Stmt::Expr(syn::Expr::MethodCall(call), _) => &call.attrs,
        Stmt::Expr(syn::Expr::Return(end), _) => &end.attrs,
        Stmt::Expr(..) => &[],
    }
}

//! The items that the code of each module names, with the file that defines each of them.

use std::collections::{BTreeSet, HashSet};

use proc_macro2::{Delimiter, Literal, TokenStream, TokenTree};
use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};
use syn::{Attribute, Expr, ImplItem, Item, Macro, Pat, Stmt, Token, TraitItem, Visibility};

use crate::cfg::{impl_item_attributes, is_compiled, item_attributes, statement_attributes, trait_item_attributes};
use crate::imports::{WrittenPath, leaves, plain};
use crate::resolve::{BlockScope, ResolvedName};
use crate::tree::{ModuleId, ModuleTree};

/// A use of an item that another file or crate defines.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct NameUse {
    /// The file that uses it.
    pub(crate) file: String,
    /// The line in that file.
    pub(crate) line: usize,
    /// The used item.
    pub(crate) used: UsedItem,
    /// Whether the file depends on the other one. A re-export of a module's own children is no dependency; an import of a module
    /// by name counts only through the items that are used from it.
    pub(crate) is_dependency: bool,
    /// Whether the code is that of a test crate.
    pub(crate) is_test: bool,
}

/// A used item.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum UsedItem {
    /// An item of the workspace.
    Own {
        /// The file that defines it.
        file: String,
        /// Its name there.
        name: String,
    },
    /// An item of another crate, such as `std::time::Instant`.
    Foreign(String),
}

/// All uses of a workspace; repeated uses on one line count once.
pub(crate) fn uses(tree: &ModuleTree) -> BTreeSet<NameUse> {
    let mut found = BTreeSet::new();
    for id in tree.ids() {
        let mut reader = ModuleReader { tree, module: id, blocks: Vec::new(), locals: Vec::new(), found: &mut found };
        for item in &tree.module(id).items {
            reader.visit_item(item);
        }
    }
    found
}

struct ModuleReader<'t> {
    tree: &'t ModuleTree,
    module: ModuleId,
    blocks: Vec<BlockScope>,
    /// Names of variables, one set per enclosing function.
    locals: Vec<HashSet<String>>,
    found: &'t mut BTreeSet<NameUse>,
}

impl ModuleReader<'_> {
    fn is_compiled(&self, attributes: &[Attribute]) -> bool {
        is_compiled(attributes, self.tree.module(self.module).is_test)
    }

    fn is_local(&self, name: &str) -> bool {
        self.locals.iter().any(|names| names.contains(name))
    }

    fn record(&mut self, line: usize, used: UsedItem, is_dependency: bool) {
        let module = self.tree.module(self.module);
        let file = module.file.clone();
        if !matches!(&used, UsedItem::Own { file: target, .. } if *target == file) {
            self.found.insert(NameUse { file, line, used, is_dependency, is_test: module.is_test });
        }
    }

    fn record_path(&mut self, path: &WrittenPath, line: usize) {
        for name in self.tree.resolve(self.module, &self.blocks, path) {
            match name {
                ResolvedName::Item { module, name, .. } => {
                    let file = self.tree.module(module).file.clone();
                    self.record(line, UsedItem::Own { file, name }, true);
                }
                ResolvedName::Foreign(foreign) if path.segments.len() > 1 => {
                    self.record(line, UsedItem::Foreign(foreign), true);
                }
                ResolvedName::Module(_) | ResolvedName::Foreign(_) => {}
            }
        }
    }

    fn record_use(&mut self, item: &syn::ItemUse) {
        let is_private = matches!(item.vis, Visibility::Inherited);
        for leaf in leaves(item) {
            for name in self.tree.resolve(self.module, &self.blocks, &leaf.path) {
                match name {
                    ResolvedName::Item { module, name, .. } => {
                        let is_face = !is_private && self.tree.is_within(module, self.module);
                        let file = self.tree.module(module).file.clone();
                        self.record(leaf.line, UsedItem::Own { file, name }, !is_face);
                    }
                    ResolvedName::Module(module) => {
                        let file = self.tree.module(module).file.clone();
                        let name = leaf.path.segments.join("::");
                        self.record(leaf.line, UsedItem::Own { file, name }, false);
                    }
                    ResolvedName::Foreign(path) => {
                        let path = if leaf.name.is_none() { format!("{path}::*") } else { path };
                        self.record(leaf.line, UsedItem::Foreign(path), true);
                    }
                }
            }
        }
    }

    fn record_macro(&mut self, path: &WrittenPath, line: usize) {
        let root = self.tree.module(self.module).root;
        if let [name] = path.segments.as_slice()
            && let Some(module) = self.tree.macros.get(&(root, name.clone()))
        {
            let file = self.tree.module(*module).file.clone();
            self.record(line, UsedItem::Own { file, name: name.clone() }, true);
        } else {
            self.record_path(path, line);
        }
    }

    /// Records a path in a string literal, such as `#[serde(with = "crate::text")]`.
    fn record_text(&mut self, text: &Literal) {
        let value = text.to_string();
        let Some(value) = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')) else { return };
        if ["crate::", "super::", "self::"].iter().any(|start| value.starts_with(start))
            && let Ok(path) = syn::parse_str::<syn::Path>(value)
        {
            self.record_path(&WrittenPath::of(&path), text.span().start().line);
        }
    }

    /// Records paths in tokens of a macro call, and single names that are called or begin with a capital.
    fn record_tokens(&mut self, tokens: TokenStream) {
        let mut tokens = tokens.into_iter().peekable();
        let mut is_member = false;
        let mut is_absolute = false;
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Group(group) => self.record_tokens(group.stream()),
                TokenTree::Ident(first) => {
                    let line = first.span().start().line;
                    let mut path = WrittenPath { is_absolute, segments: vec![plain(&first)] };
                    while is_punctuation(tokens.peek(), ':') {
                        let mut ahead = tokens.clone();
                        ahead.next();
                        if !is_punctuation(ahead.next().as_ref(), ':') {
                            break;
                        }
                        let Some(TokenTree::Ident(segment)) = ahead.next() else { break };
                        path.segments.push(plain(&segment));
                        tokens = ahead;
                    }
                    let is_called = matches!(tokens.peek(), Some(TokenTree::Group(group))
                        if group.delimiter() == Delimiter::Parenthesis);
                    let begins_large = path.segments.iter().any(|part| part.starts_with(char::is_uppercase));
                    if is_punctuation(tokens.peek(), '!') && !is_member {
                        self.record_macro(&path, line);
                    } else if path.segments.len() > 1 || (!is_member && (is_called || begins_large)) {
                        self.record_path(&path, line);
                    }
                }
                TokenTree::Punct(sign) => {
                    is_member = sign.as_char() == '.';
                    is_absolute = sign.as_char() == ':' && is_absolute;
                    continue;
                }
                TokenTree::Literal(text) => self.record_text(&text),
            }
            (is_member, is_absolute) = (false, false);
        }
    }
}

fn line_of(path: &syn::Path) -> usize {
    path.segments.first().map_or(0, |segment| segment.ident.span().start().line)
}

fn is_punctuation(token: Option<&TokenTree>, sign: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punctuation)) if punctuation.as_char() == sign)
}

impl<'ast> Visit<'ast> for ModuleReader<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        if self.is_compiled(item_attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        if self.is_compiled(impl_item_attributes(item)) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_trait_item(&mut self, item: &'ast TraitItem) {
        if self.is_compiled(trait_item_attributes(item)) {
            visit::visit_trait_item(self, item);
        }
    }

    fn visit_stmt(&mut self, statement: &'ast Stmt) {
        if self.is_compiled(statement_attributes(statement)) {
            visit::visit_stmt(self, statement);
        }
    }

    fn visit_field(&mut self, field: &'ast syn::Field) {
        if self.is_compiled(&field.attrs) {
            visit::visit_field(self, field);
        }
    }

    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        if self.is_compiled(&arm.attrs) {
            visit::visit_arm(self, arm);
        }
    }

    fn visit_variant(&mut self, variant: &'ast syn::Variant) {
        if self.is_compiled(&variant.attrs) {
            visit::visit_variant(self, variant);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.record_use(item);
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.locals.push(variables(|reader| reader.visit_item_fn(item)));
        visit::visit_item_fn(self, item);
        self.locals.pop();
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.locals.push(variables(|reader| reader.visit_impl_item_fn(item)));
        visit::visit_impl_item_fn(self, item);
        self.locals.pop();
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        self.locals.push(variables(|reader| reader.visit_trait_item_fn(item)));
        visit::visit_trait_item_fn(self, item);
        self.locals.pop();
    }

    fn visit_block(&mut self, block: &'ast syn::Block) {
        let mut scope = BlockScope::default();
        for statement in &block.stmts {
            let Stmt::Item(item) = statement else { continue };
            if !self.is_compiled(item_attributes(item)) {
                continue;
            }
            match item {
                Item::Use(item) => {
                    for leaf in leaves(item) {
                        match leaf.name {
                            Some(name) => drop(scope.imports.insert(name, leaf.path)),
                            None => scope.globs.push(leaf.path),
                        }
                    }
                }
                Item::Const(item) => drop(scope.items.insert(plain(&item.ident))),
                Item::Enum(item) => drop(scope.items.insert(plain(&item.ident))),
                Item::Fn(item) => drop(scope.items.insert(plain(&item.sig.ident))),
                Item::Static(item) => drop(scope.items.insert(plain(&item.ident))),
                Item::Struct(item) => drop(scope.items.insert(plain(&item.ident))),
                Item::Trait(item) => drop(scope.items.insert(plain(&item.ident))),
                Item::Type(item) => drop(scope.items.insert(plain(&item.ident))),
                Item::Macro(item) => drop(item.ident.as_ref().map(|ident| scope.items.insert(plain(ident)))),
                _ => {}
            }
        }
        self.blocks.push(scope);
        visit::visit_block(self, block);
        self.blocks.pop();
    }

    fn visit_expr_path(&mut self, path: &'ast syn::ExprPath) {
        if path.path.get_ident().is_some_and(|ident| self.is_local(&plain(ident))) {
            return;
        }
        if path.qself.as_ref().is_some_and(|itself| itself.position == 0) {
            return visit::visit_expr_path(&mut PartReader(self), path);
        }
        visit::visit_expr_path(self, path);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.record_path(&WrittenPath::of(path), line_of(path));
        visit::visit_path(self, path);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        let path = WrittenPath::of(attribute.path());
        if path.segments.len() > 1 {
            self.record_path(&path, line_of(attribute.path()));
        }
        if let syn::Meta::List(list) = &attribute.meta {
            self.record_tokens(list.tokens.clone());
        }
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.record_macro(&WrittenPath::of(&call.path), line_of(&call.path));
        match call.parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated) {
            Ok(expressions) => expressions.iter().for_each(|expression| self.visit_expr(expression)),
            Err(_) => self.record_tokens(call.tokens.clone()),
        }
    }

    fn visit_item_macro(&mut self, item: &'ast syn::ItemMacro) {
        if item.ident.is_some() {
            self.record_tokens(item.mac.tokens.clone());
        } else {
            self.visit_macro(&item.mac);
        }
    }
}

/// Visits `<Type>::name`: only the type is a path of this module.
struct PartReader<'r, 't>(&'r mut ModuleReader<'t>);

impl<'ast> Visit<'ast> for PartReader<'_, '_> {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        for segment in &path.segments {
            self.0.visit_path_arguments(&segment.arguments);
        }
    }

    fn visit_type(&mut self, of: &'ast syn::Type) {
        self.0.visit_type(of);
    }
}

fn variables(read: impl FnOnce(&mut VariableReader)) -> HashSet<String> {
    let mut reader = VariableReader::default();
    read(&mut reader);
    reader.0
}

/// Collects the variables that patterns bind.
#[derive(Default)]
struct VariableReader(HashSet<String>);

impl<'ast> Visit<'ast> for VariableReader {
    fn visit_pat(&mut self, pattern: &'ast Pat) {
        if let Pat::Ident(variable) = pattern {
            self.0.insert(plain(&variable.ident));
        }
        visit::visit_pat(self, pattern);
    }
}

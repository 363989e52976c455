//! The modules of each crate and the names that each module binds, from `mod` declarations. No resolution of paths.

use std::collections::{BTreeMap, BTreeSet};

use syn::{Item, Visibility};

use crate::cfg::{is_compiled, item_attributes};
use crate::files::SourceFiles;
use crate::imports::{UseLeaf, WrittenPath, leaves, plain};
use crate::packages::CargoPackage;

/// The index of a module in [`ModuleTree`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ModuleId(usize);

/// A module: a file, or a part of one.
pub(crate) struct SourceModule {
    pub(crate) file: String,
    pub(crate) parent: Option<ModuleId>,
    pub(crate) root: ModuleId,
    pub(crate) is_test: bool,
    pub(crate) names: BTreeMap<String, Vec<BoundName>>,
    pub(crate) globs: Vec<(UseLeaf, bool)>,
    pub(crate) items: Vec<Item>,
}

/// A name in a module, with its meaning.
pub(crate) struct BoundName {
    pub(crate) is_public: bool,
    pub(crate) meaning: NameMeaning,
}

/// The meaning of a name in a module.
pub(crate) enum NameMeaning {
    /// A type or trait of this module, which `::` may follow.
    TypeItem,
    /// A function, constant or macro of this module.
    ValueItem,
    Submodule(ModuleId),
    Import(WrittenPath),
}

/// All modules of all crates.
#[derive(Default)]
pub(crate) struct ModuleTree {
    modules: Vec<SourceModule>,
    /// Root modules of the libraries, by their names in imports.
    pub(crate) libraries: BTreeMap<String, ModuleId>,
    /// The module of each `macro_rules`, by crate and name.
    pub(crate) macros: BTreeMap<(ModuleId, String), ModuleId>,
    /// Every file reachable from a crate's root, including unit tests.
    pub(crate) reached: BTreeSet<String>,
    /// Missing files and files that are not valid Rust.
    pub(crate) problems: BTreeSet<String>,
    /// Parsed sources that do not belong to a module yet.
    parsed: BTreeMap<String, syn::File>,
}

/// The location of the files of a module's children.
struct ModulePlace<'a> {
    file: &'a str,
    folder: String,
    is_inline: bool,
}

impl ModuleTree {
    /// Builds the tree of all packages. `parsed` contains each source once; a file that two crates share is parsed again.
    pub(crate) fn read(files: &SourceFiles, parsed: BTreeMap<String, syn::File>, packages: &[CargoPackage]) -> Self {
        let mut tree = Self { parsed, ..Self::default() };
        for target in packages.iter().flat_map(|package| &package.targets) {
            let place = ModulePlace { file: &target.root, folder: folder_of(&target.root), is_inline: false };
            let items = tree.items_of(files, &target.root);
            let root = tree.add(files, None, target.is_test, &place, items);
            if let Some(name) = &target.import_name {
                tree.libraries.insert(name.clone(), root);
            }
        }
        tree
    }

    fn items_of(&mut self, files: &SourceFiles, path: &str) -> Vec<Item> {
        let taken = self.parsed.remove(path);
        taken.or_else(|| self.ok_or_record(parse(files, path))).map(|file| file.items).unwrap_or_default()
    }

    /// The value, or `None` after the problem is recorded.
    fn ok_or_record<T>(&mut self, result: Result<T, String>) -> Option<T> {
        result.map_err(|problem| self.problems.insert(problem)).ok()
    }

    #[expect(clippy::indexing_slicing, reason = "an id is the index of a module of this tree")]
    pub(crate) fn module(&self, id: ModuleId) -> &SourceModule {
        &self.modules[id.0]
    }

    #[expect(clippy::indexing_slicing, reason = "an id is the index of a module of this tree")]
    fn module_mut(&mut self, id: ModuleId) -> &mut SourceModule {
        &mut self.modules[id.0]
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = ModuleId> + use<> {
        (0..self.modules.len()).map(ModuleId)
    }

    /// Whether a module is `ancestor` or below it.
    pub(crate) fn is_within(&self, id: ModuleId, ancestor: ModuleId) -> bool {
        std::iter::successors(Some(id), |id| self.module(*id).parent).any(|id| id == ancestor)
    }

    fn add(
        &mut self,
        files: &SourceFiles,
        parent: Option<ModuleId>,
        is_test: bool,
        place: &ModulePlace<'_>,
        items: Vec<Item>,
    ) -> ModuleId {
        self.reached.insert(place.file.to_owned());
        let id = ModuleId(self.modules.len());
        let root = parent.map_or(id, |parent| self.module(parent).root);
        self.modules.push(SourceModule {
            file: place.file.to_owned(),
            parent,
            root,
            is_test,
            names: BTreeMap::new(),
            globs: Vec::new(),
            items: Vec::new(),
        });
        for item in items {
            if !is_compiled(item_attributes(&item), is_test) {
                if let Item::Mod(declaration) = &item {
                    self.reach(files, declaration, place);
                }
                continue;
            }
            if let Item::Mod(mut declaration) = item {
                let name = plain(&declaration.ident);
                let (place, items) = match declaration.content.take() {
                    Some((_, items)) => (place.inside(&name), items),
                    None => {
                        let Some(place) = self.ok_or_record(place.child(files, &declaration)) else { continue };
                        let items = self.items_of(files, place.file);
                        (place, items)
                    }
                };
                let child = self.add(files, Some(id), is_test, &place, items);
                self.bind(id, name, !matches!(declaration.vis, Visibility::Inherited), NameMeaning::Submodule(child));
            } else {
                self.bind_item(id, root, &item);
                self.module_mut(id).items.push(item);
            }
        }
        id
    }

    /// Marks the files of an uncompiled module and of its descendants as reached.
    fn reach(&mut self, files: &SourceFiles, declaration: &syn::ItemMod, place: &ModulePlace<'_>) {
        let read;
        let (place, items) = match &declaration.content {
            Some((_, items)) => (place.inside(&plain(&declaration.ident)), items.as_slice()),
            None => {
                let Some(place) = self.ok_or_record(place.child(files, declaration)) else { return };
                read = self.items_of(files, place.file);
                (place, read.as_slice())
            }
        };
        self.reached.insert(place.file.to_owned());
        for item in items {
            if let Item::Mod(declaration) = item {
                self.reach(files, declaration, &place);
            }
        }
    }

    fn bind(&mut self, id: ModuleId, name: String, is_public: bool, meaning: NameMeaning) {
        self.module_mut(id).names.entry(name).or_default().push(BoundName { is_public, meaning });
    }

    fn bind_item(&mut self, id: ModuleId, root: ModuleId, item: &Item) {
        let (ident, visibility, meaning) = match item {
            Item::Const(item) => (&item.ident, &item.vis, NameMeaning::ValueItem),
            Item::Enum(item) => (&item.ident, &item.vis, NameMeaning::TypeItem),
            Item::Fn(item) => (&item.sig.ident, &item.vis, NameMeaning::ValueItem),
            Item::Static(item) => (&item.ident, &item.vis, NameMeaning::ValueItem),
            Item::Struct(item) => (&item.ident, &item.vis, NameMeaning::TypeItem),
            Item::Trait(item) => (&item.ident, &item.vis, NameMeaning::TypeItem),
            Item::TraitAlias(item) => (&item.ident, &item.vis, NameMeaning::TypeItem),
            Item::Type(item) => (&item.ident, &item.vis, NameMeaning::TypeItem),
            Item::Union(item) => (&item.ident, &item.vis, NameMeaning::TypeItem),
            Item::ExternCrate(item) => {
                let name = item.rename.as_ref().map_or(&item.ident, |(_, name)| name);
                let path = WrittenPath { is_absolute: true, segments: vec![plain(&item.ident)] };
                (name, &item.vis, NameMeaning::Import(path))
            }
            Item::Macro(item) => {
                if let Some(ident) = &item.ident {
                    self.macros.insert((root, plain(ident)), id);
                    self.bind(id, plain(ident), true, NameMeaning::ValueItem);
                }
                return;
            }
            Item::Use(item) => {
                let is_public = !matches!(item.vis, Visibility::Inherited);
                for leaf in leaves(item) {
                    match &leaf.name {
                        Some(name) if name == "_" => {}
                        Some(name) => self.bind(id, name.clone(), is_public, NameMeaning::Import(leaf.path)),
                        None => self.module_mut(id).globs.push((leaf, is_public)),
                    }
                }
                return;
            }
            _ => return,
        };
        self.bind(id, plain(ident), !matches!(visibility, Visibility::Inherited), meaning);
    }
}

impl<'a> ModulePlace<'a> {
    fn inside(&self, name: &str) -> Self {
        Self { file: self.file, folder: format!("{}{name}/", self.folder), is_inline: true }
    }

    fn child<'f>(&self, files: &'f SourceFiles, declaration: &syn::ItemMod) -> Result<ModulePlace<'f>, String> {
        let name = plain(&declaration.ident);
        let given =
            declaration.attrs.iter().find(|attribute| attribute.path().is_ident("path")).and_then(|attribute| {
                match &attribute.meta.require_name_value().ok()?.value {
                    syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value()),
                    _ => None,
                }
            });
        let candidates = match given {
            Some(path) => {
                let from = if self.is_inline { self.folder.clone() } else { folder_of(self.file) };
                vec![(normal(&format!("{from}{path}")), None)]
            }
            None => vec![
                (format!("{}{name}.rs", self.folder), Some(format!("{}{name}/", self.folder))),
                (format!("{}{name}/mod.rs", self.folder), None),
            ],
        };
        for (path, folder) in candidates {
            if let Some((file, _)) = files.entry(&path) {
                let folder = folder.unwrap_or_else(|| folder_of(file));
                return Ok(ModulePlace { file, folder, is_inline: false });
            }
        }
        Err(format!("{}: no file for `mod {name}`", self.file))
    }
}

pub(crate) fn parse(files: &SourceFiles, path: &str) -> Result<syn::File, String> {
    let text = files.text(path).ok_or_else(|| format!("{path}: no such file"))?;
    syn::parse_file(text).map_err(|error| format!("{path}:{}: {error}", error.span().start().line))
}

fn folder_of(file: &str) -> String {
    file.rsplit_once('/').map_or_else(String::new, |(folder, _)| format!("{folder}/"))
}

/// Resolves `..` and `.` in a path.
fn normal(path: &str) -> String {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

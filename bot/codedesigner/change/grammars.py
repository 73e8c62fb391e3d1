"""What each grammar calls its functions, classes, bodies and statements.

The tables hold node types as the grammars of tree-sitter spell them. A node type that is missing from its grammar is
ignored, so that a newer grammar with one renamed node loses that node and nothing else; a test names every such loss.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True)
class Binding:
    """A node that gives a name to a value, such as `const f = () => 1`: the fields of the two sides."""

    name: str
    value: str


def _types(words: str) -> frozenset[str]:
    return frozenset(words.split())


@dataclass(frozen=True, slots=True)
class Grammar:
    """Node types of one language by the part they play."""

    module: str
    functions: frozenset[str]
    bodies: frozenset[str]  # their named children are statements
    comments: frozenset[str] = _types("comment")
    classes: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()  # name what they hold, without being a unit
    closures: frozenset[str] = frozenset()  # functions without a name of their own
    tables: frozenset[str] = frozenset()  # literals whose entries may be functions
    bindings: Mapping[str, Binding] = field(default_factory=dict)
    wrappers: frozenset[str] = frozenset()  # start where the definition inside them starts
    open: frozenset[str] = frozenset()  # are looked into even where they lie on one line
    leads: frozenset[str] = frozenset()  # lines of their own above what they decorate
    statements: frozenset[str] = frozenset()  # beside every type that ends in `_statement`
    tokens: frozenset[str] = frozenset()  # keywords that open a logical line
    factory: str = "language"


_JAVASCRIPT_FUNCTIONS: Final = (
    "function_declaration generator_function_declaration function_expression generator_function method_definition"
)
_JAVASCRIPT_BODIES: Final = "program statement_block class_body switch_body switch_case switch_default"
_JAVASCRIPT_CLAUSES: Final = "else_clause catch_clause finally_clause"
_JAVASCRIPT_BINDINGS: Final = {
    "variable_declarator": Binding("name", "value"),
    "assignment_expression": Binding("left", "right"),
    "pair": Binding("key", "value"),
}
_JAVASCRIPT: Final = Grammar(
    module="tree_sitter_javascript",
    functions=_types(_JAVASCRIPT_FUNCTIONS),
    classes=_types("class_declaration class"),
    closures=_types("arrow_function"),
    tables=_types("object"),
    bindings={**_JAVASCRIPT_BINDINGS, "field_definition": Binding("property", "value")},
    wrappers=_types("export_statement lexical_declaration variable_declaration"),
    open=_types("expression_statement"),
    bodies=_types(_JAVASCRIPT_BODIES),
    statements=_types(_JAVASCRIPT_CLAUSES),
    comments=_types("comment html_comment hash_bang_line"),
)


def _typescript(factory: str) -> Grammar:
    return Grammar(
        module="tree_sitter_typescript",
        factory=factory,
        functions=_types(_JAVASCRIPT_FUNCTIONS + " function_signature method_signature abstract_method_signature"),
        classes=_types("class_declaration abstract_class_declaration class interface_declaration enum_declaration"),
        scopes=_types("internal_module module"),
        closures=_types("arrow_function"),
        tables=_types("object"),
        bindings={**_JAVASCRIPT_BINDINGS, "public_field_definition": Binding("name", "value")},
        wrappers=_JAVASCRIPT.wrappers | {"ambient_declaration"},
        open=_types("expression_statement"),
        comments=_types("comment hash_bang_line"),
        leads=_types("decorator"),
        bodies=_types(_JAVASCRIPT_BODIES + " interface_body enum_body"),
        statements=_types(_JAVASCRIPT_CLAUSES),
    )


_C_CLASSES: Final = "struct_specifier union_specifier enum_specifier"
_C_BODIES: Final = (
    "translation_unit compound_statement field_declaration_list declaration_list case_statement"
    " preproc_if preproc_ifdef preproc_else preproc_elif preproc_elifdef"
)
_C_CLAUSES: Final = "else_clause preproc_else preproc_elif preproc_elifdef"

GRAMMARS: Final[Mapping[str, Grammar]] = {
    "python": Grammar(
        module="tree_sitter_python",
        functions=_types("function_definition"),
        classes=_types("class_definition"),
        closures=_types("lambda"),
        bindings={"assignment": Binding("left", "right")},
        wrappers=_types("decorated_definition"),
        open=_types("expression_statement"),
        bodies=_types("module block"),
        statements=_types("elif_clause else_clause except_clause finally_clause case_clause"),
    ),
    "javascript": _JAVASCRIPT,
    "typescript": _typescript("language_typescript"),
    "tsx": _typescript("language_tsx"),
    "go": Grammar(
        module="tree_sitter_go",
        functions=_types("function_declaration method_declaration method_elem"),
        classes=_types("type_spec"),
        closures=_types("func_literal"),
        bindings={"var_spec": Binding("name", "value")},
        wrappers=_types("type_declaration var_declaration"),
        bodies=_types(
            "source_file statement_list field_declaration_list import_spec_list var_spec_list interface_type"
        ),
        statements=_types("expression_case default_case type_case communication_case const_spec type_spec"),
        tokens=_types("else"),
    ),
    "java": Grammar(
        module="tree_sitter_java",
        functions=_types(
            "method_declaration constructor_declaration compact_constructor_declaration static_initializer"
            " annotation_type_element_declaration"
        ),
        classes=_types(
            "class_declaration interface_declaration enum_declaration record_declaration annotation_type_declaration"
        ),
        closures=_types("lambda_expression"),
        bindings={"variable_declarator": Binding("name", "value")},
        wrappers=_types("field_declaration"),
        comments=_types("line_comment block_comment"),
        bodies=_types(
            "program block constructor_body class_body interface_body enum_body enum_body_declarations"
            " annotation_type_body switch_block switch_block_statement_group"
        ),
        statements=_types("catch_clause finally_clause"),
        tokens=_types("else"),
    ),
    "rust": Grammar(
        module="tree_sitter_rust",
        functions=_types("function_item function_signature_item macro_definition"),
        classes=_types("struct_item enum_item union_item trait_item impl_item"),
        scopes=_types("mod_item"),
        closures=_types("closure_expression"),
        bindings={
            "const_item": Binding("name", "value"),
            "static_item": Binding("name", "value"),
        },
        leads=_types("attribute_item"),
        comments=_types("line_comment block_comment shebang"),
        bodies=_types("source_file block declaration_list match_block field_declaration_list enum_variant_list"),
        statements=_types("else_clause"),
    ),
    "c": Grammar(
        module="tree_sitter_c",
        functions=_types("function_definition preproc_function_def"),
        classes=_types(_C_CLASSES),
        bindings={"type_definition": Binding("declarator", "type")},
        wrappers=_types("type_definition linkage_specification"),
        bodies=_types(_C_BODIES),
        statements=_types(_C_CLAUSES),
        tokens=_types("while"),
    ),
    "cpp": Grammar(
        module="tree_sitter_cpp",
        functions=_types("function_definition preproc_function_def"),
        classes=_types(_C_CLASSES + " class_specifier concept_definition"),
        scopes=_types("namespace_definition"),
        closures=_types("lambda_expression"),
        bindings={
            "init_declarator": Binding("declarator", "value"),
            "type_definition": Binding("declarator", "type"),
        },
        wrappers=_types("type_definition linkage_specification template_declaration declaration"),
        bodies=_types(_C_BODIES),
        statements=_types(_C_CLAUSES + " catch_clause"),
        tokens=_types("while"),
    ),
    "csharp": Grammar(
        module="tree_sitter_c_sharp",
        functions=_types(
            "method_declaration constructor_declaration destructor_declaration operator_declaration"
            " conversion_operator_declaration local_function_statement property_declaration indexer_declaration"
            " event_declaration"
        ),
        classes=_types(
            "class_declaration interface_declaration struct_declaration record_declaration enum_declaration"
        ),
        closures=_types("lambda_expression anonymous_method_expression"),
        wrappers=_types("global_statement"),
        bodies=_types(
            "compilation_unit declaration_list block switch_body switch_section enum_member_declaration_list"
            " accessor_list"
        ),
        statements=_types("catch_clause finally_clause switch_section"),
        tokens=_types("else while"),
    ),
    "ruby": Grammar(
        module="tree_sitter_ruby",
        functions=_types("method singleton_method"),
        classes=_types("class module"),
        closures=_types("lambda"),
        bindings={"assignment": Binding("left", "right")},
        bodies=_types("program body_statement block_body then else ensure do begin parenthesized_statements"),
        statements=_types("elsif else when in_clause rescue ensure"),
    ),
    "php": Grammar(
        module="tree_sitter_php",
        factory="language_php",
        functions=_types("function_definition method_declaration"),
        classes=_types("class_declaration interface_declaration trait_declaration enum_declaration"),
        closures=_types("anonymous_function arrow_function"),
        bindings={"assignment_expression": Binding("left", "right")},
        open=_types("expression_statement"),
        bodies=_types(
            "program compound_statement declaration_list enum_declaration_list colon_block switch_block match_block"
            " case_statement default_statement"
        ),
        statements=_types("else_clause else_if_clause catch_clause finally_clause"),
    ),
    "kotlin": Grammar(
        module="tree_sitter_kotlin",
        functions=_types("function_declaration secondary_constructor anonymous_initializer property_declaration"),
        classes=_types("class_declaration object_declaration"),
        closures=_types("lambda_literal anonymous_function"),
        comments=_types("line_comment block_comment shebang"),
        bodies=_types("source_file class_body enum_class_body block lambda_literal"),
        statements=_types("when_entry catch_block finally_block getter setter"),
        tokens=_types("else"),
    ),
    "swift": Grammar(
        module="tree_sitter_swift",
        functions=_types(
            "function_declaration init_declaration deinit_declaration subscript_declaration"
            " protocol_function_declaration property_declaration"
        ),
        classes=_types("class_declaration protocol_declaration"),
        closures=_types("lambda_literal"),
        comments=_types("comment multiline_comment shebang_line"),
        bodies=_types("source_file statements class_body protocol_body enum_class_body"),
        statements=_types("else catch_block switch_entry didset_clause willset_clause computed_getter computed_setter"),
    ),
    "scala": Grammar(
        module="tree_sitter_scala",
        functions=_types("function_definition function_declaration"),
        classes=_types(
            "class_definition object_definition trait_definition enum_definition package_object given_definition"
        ),
        closures=_types("lambda_expression"),
        bindings={
            "val_definition": Binding("pattern", "value"),
            "var_definition": Binding("pattern", "value"),
        },
        comments=_types("comment block_comment"),
        bodies=_types(
            "compilation_unit template_body with_template_body block indented_block case_block indented_cases enum_body"
        ),
        statements=_types("case_clause catch_clause finally_clause"),
        tokens=_types("else"),
    ),
    "bash": Grammar(
        module="tree_sitter_bash",
        functions=_types("function_definition"),
        bodies=_types("program compound_statement do_group subshell if_statement elif_clause else_clause case_item"),
        statements=_types("elif_clause else_clause case_item"),
    ),
    "lua": Grammar(
        module="tree_sitter_lua",
        functions=_types("function_declaration"),
        closures=_types("function_definition"),
        tables=_types("table_constructor"),
        bindings={
            "assignment_statement": Binding("", ""),
            "field": Binding("name", "value"),
        },
        wrappers=_types("variable_declaration"),
        comments=_types("comment hash_bang_line"),
        bodies=_types("chunk block"),
        tokens=_types("until"),
    ),
}

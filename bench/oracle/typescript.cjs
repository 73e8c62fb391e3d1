// JavaScript and TypeScript by the TypeScript compiler: file names on stdin (JSON), definitions on stdout (JSON lines).
// Run with NODE_PATH naming a folder that holds `typescript`.
"use strict";
const fs = require("fs");
const ts = require("typescript");

function unwrapped(node) {
  while (
    node &&
    (ts.isParenthesizedExpression(node) || ts.isAsExpression(node) || ts.isNonNullExpression(node) ||
      (ts.isSatisfiesExpression && ts.isSatisfiesExpression(node)))
  )
    node = node.expression;
  return node;
}
const isClosure = (node) => node && (ts.isArrowFunction(node) || ts.isFunctionExpression(node));

function told(path) {
  const text = fs.readFileSync(path, "utf8");
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const line = (at) => file.getLineAndCharacterOfPosition(at).line + 1;
  const label = (name) => name.getText(file).replace(/\s+/g, " ").replace(/^(['"`])(.*)\1$/, "$2");
  const found = [];
  function add(name, from, to, prefix) {
    const start = from.getStart(file);
    const one = { start: line(start), end: line(to.end), column: file.getLineAndCharacterOfPosition(start).character, name: prefix + name };
    found.push(one);
    return one.start === one.end;
  }
  function inside(node, prefix, inFunction) {
    ts.forEachChild(node, (child) => look(child, prefix, inFunction));
  }
  function bound(name, whole, value, prefix) {
    // A value bound to a name outside every function.
    value = unwrapped(value);
    if (isClosure(value)) {
      if (!add(name, whole, value, prefix)) inside(value, prefix + name + ".", true);
    } else if (value && ts.isClassExpression(value)) {
      const own = value.name ? value.name.text : name;
      if (!add(own, whole, value, prefix)) inside(value, prefix + own + ".", false);
    } else if (value && ts.isObjectLiteralExpression(value)) {
      inside(value, prefix + name + ".", false);
    } else if (value) {
      look(value, prefix, false);
    }
  }
  function look(node, prefix, inFunction) {
    if (ts.isModuleDeclaration(node)) return inside(node, prefix + label(node.name) + ".", inFunction);
    if (ts.isClassDeclaration(node) || ts.isInterfaceDeclaration(node) || ts.isEnumDeclaration(node)) {
      const name = node.name ? node.name.text : "default";
      if (!add(name, node, node, prefix)) inside(node, prefix + name + ".", false);
      return;
    }
    if (ts.isClassExpression(node) && node.name) {
      if (!add(node.name.text, node, node, prefix)) inside(node, prefix + node.name.text + ".", false);
      return;
    }
    if (
      ts.isFunctionDeclaration(node) || ts.isMethodDeclaration(node) || ts.isMethodSignature(node) ||
      ts.isGetAccessor(node) || ts.isSetAccessor(node) || ts.isConstructorDeclaration(node) ||
      (ts.isFunctionExpression(node) && node.name)
    ) {
      const name = ts.isConstructorDeclaration(node) ? "constructor" : node.name ? label(node.name) : "default";
      if (!add(name, node, node, prefix)) inside(node, prefix + name + ".", true);
      return;
    }
    if (!inFunction) {
      if (ts.isVariableDeclaration(node) && node.initializer) {
        const list = node.parent;
        const first = list.declarations && list.declarations[0] === node && ts.isVariableStatement(list.parent);
        return bound(label(node.name), first ? list.parent : node, node.initializer, prefix);
      }
      if (ts.isPropertyAssignment(node) || (ts.isPropertyDeclaration(node) && node.initializer))
        return bound(label(node.name), node, node.initializer, prefix);
      if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.EqualsToken)
        return bound(label(node.left).replace(".prototype.", "."), node, node.right, prefix);
    }
    if (ts.isExportAssignment(node) && !node.isExportEquals) {
      const value = unwrapped(node.expression);
      if (isClosure(value) && !(value.name)) return bound("default", node, value, prefix);
    }
    inside(node, prefix, inFunction);
  }
  inside(file, "", false);
  // Comments by what the compiler calls trivia before and after each token.
  const comments = {};
  const note = (ranges) => {
    for (const range of ranges || []) {
      const [first, last] = [line(range.pos), line(range.end)];
      const before = text.slice(text.lastIndexOf("\n", range.pos - 1) + 1, range.pos);
      const end = text.indexOf("\n", range.end);
      const after = text.slice(range.end, end < 0 ? text.length : end);
      if (before.trim() || after.trim()) continue;
      for (let number = first; number <= last; number++) comments[number] = 0;
    }
  };
  (function tokens(node) {
    note(ts.getLeadingCommentRanges(text, node.pos));
    note(ts.getTrailingCommentRanges(text, node.end));
    for (const child of node.getChildren(file)) tokens(child);
  })(file);
  return { path, definitions: found, comments, errors: file.parseDiagnostics.length };
}

for (const path of JSON.parse(fs.readFileSync(0, "utf8"))) console.log(JSON.stringify(told(path)));

/** Lint rules of this repository that no plugin has. */
import path from 'node:path';

const kebabCase = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*$/;
const saysNothing = new Set(['utils', 'util', 'helpers', 'helper', 'common', 'misc']);

const fileName = {
  meta: {
    type: 'suggestion',
    schema: [],
    messages: {
      case: 'Name files in kebab-case, with the role after a dot: {{name}}.',
      vague: 'Name the file after what it holds, not {{name}}.',
    },
  },
  create: (context) => ({
    Program(node) {
      const name = path.parse(context.filename).name;
      // Hidden configuration files are named by their tools.
      if (name.startsWith('.')) return;
      if (!kebabCase.test(name)) context.report({ node, messageId: 'case', data: { name } });
      if (saysNothing.has(name)) context.report({ node, messageId: 'vague', data: { name } });
    },
  }),
};

const provenAssertion = {
  meta: {
    type: 'problem',
    schema: [],
    messages: { unproven: 'Say in a comment above why this assertion holds, or parse instead.' },
  },
  create: (context) => ({
    TSAsExpression(node) {
      if (isConstAssertion(node) || hasCommentNear(context.sourceCode, node)) return;
      context.report({ node, messageId: 'unproven' });
    },
  }),
};

function isConstAssertion({ typeAnnotation }) {
  return typeAnnotation.type === 'TSTypeReference' && typeAnnotation.typeName.name === 'const';
}

/** On the line of the assertion, or directly above it or the statement that it is part of. */
function hasCommentNear(sourceCode, node) {
  const statement = enclosingStatement(node);
  const lines = new Set([
    node.loc.start.line,
    node.loc.end.line,
    node.loc.start.line - 1,
    statement.loc.start.line - 1,
  ]);
  return sourceCode.getAllComments().some((comment) => lines.has(comment.loc.end.line));
}

function enclosingStatement(node) {
  let current = node;
  while (current.parent && !/(?:Statement|Declaration)$/.test(current.type)) {
    current = current.parent;
  }
  return current;
}

const documentedExport = {
  meta: {
    type: 'suggestion',
    schema: [],
    messages: { missing: 'Say in a sentence what {{name}} does: a /** … */ comment above it.' },
  },
  create(context) {
    const check = (node, name) => {
      const before = context.sourceCode.getCommentsBefore(node);
      if (before.some(({ type, value }) => type === 'Block' && value.startsWith('*'))) return;
      context.report({ node, messageId: 'missing', data: { name } });
    };
    return {
      ExportNamedDeclaration(node) {
        const { declaration } = node;
        if (declaration?.type === 'FunctionDeclaration' && !isOverload(node)) {
          check(node, declaration.id.name);
        }
        if (declaration?.type !== 'VariableDeclaration') return;
        for (const { id, init } of declaration.declarations) {
          if (init?.type === 'ArrowFunctionExpression') check(node, id.name);
        }
      },
    };
  },
};

/** The implementation behind overload signatures is not seen by callers. */
function isOverload(node) {
  const siblings = node.parent.body;
  const previous = siblings[siblings.indexOf(node) - 1];
  return previous?.declaration?.type === 'TSDeclareFunction';
}

export const projectRules = {
  rules: {
    'file-name': fileName,
    'proven-assertion': provenAssertion,
    'documented-export': documentedExport,
  },
};

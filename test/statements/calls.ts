import { globSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from '@kasabi/local';
import {
  type CallExpression,
  type Expression,
  type Node,
  type SourceFile,
  SyntaxKind,
} from 'typescript/unstable/ast';
import {
  isArrayLiteralExpression,
  isCallExpression,
  isFunctionDeclaration,
  isIdentifier,
  isObjectLiteralExpression,
  isPropertyAccessExpression,
  isPropertyAssignment,
  isSpreadElement,
} from 'typescript/unstable/ast/is';
import { API, type Checker, type Project, type Type, TypeFlags } from 'typescript/unstable/sync';

/** What a type lets a value be: kinds of `describe.ts`, `null`, `undefined`, `unknown`. */
export type Kinds = ReadonlySet<string>;

/** A call of a method `query`, or of a function that hands its own type parameter to one. */
export interface QueryCall {
  readonly file: string;
  /** That of the function's name, from 1. */
  readonly line: number;
  /**
   * The columns of the row type; undefined for a call without one, `generic` for a call whose row type is a
   * parameter of the function around it.
   */
  readonly row: ReadonlyMap<string, Kinds> | undefined | 'generic';
  /** The values, or undefined unless they are written in the call as a list. */
  readonly values: readonly Kinds[] | undefined;
}

/** All such calls in the sources of all packages and services. */
export function findQueryCalls(): QueryCall[] {
  const configs = globSync('{infra,packages,services}/*/tsconfig.json', { cwd: projectRoot });
  const api = new API({ cwd: projectRoot });
  try {
    const openProjects = configs.map((config) => path.join(projectRoot, config));
    return api.updateSnapshot({ openProjects }).getProjects().flatMap(callsOf);
  } finally {
    api.close();
  }
}

function callsOf({ rootFiles, program, checker }: Project): QueryCall[] {
  const calls: QueryCall[] = [];
  /** Functions that hand a type parameter of theirs to `query`. */
  const generic = new Set<string>();
  const sources = rootFiles.map((file) => program.getSourceFile(file)).filter((it) => !!it);
  search(['query']);
  search([...generic]);
  return calls;

  function search(names: readonly string[]): void {
    for (const source of sources) {
      const here = names.filter((name) => source.text.includes(name));
      if (here.length > 0) visit(source, source, (name) => here.includes(name));
    }
  }

  function visit(node: Node, source: SourceFile, isWanted: (name: string) => boolean): void {
    node.forEachChild((child) => visit(child, source, isWanted));
    if (!isCallExpression(node)) return;
    const called = node.expression;
    const name = isPropertyAccessExpression(called) ? called.name : called;
    // What comes by `super` was sent by somebody else.
    if (isPropertyAccessExpression(called) && called.expression.kind === SyntaxKind.SuperKeyword)
      return;
    // A plain function `query` is something else.
    if (!isIdentifier(name) || !isWanted(name.text) || (name === called && name.text === 'query'))
      return;
    const [rowType] = node.typeArguments ?? [];
    const type = rowType && checker.getTypeFromTypeNode(rowType);
    if (type?.isTypeParameter()) generic.add(enclosingFunction(node));
    calls.push({
      file: path.relative(projectRoot, source.fileName),
      line: source.text.slice(0, name.end).split('\n').length,
      row: type?.isTypeParameter() ? 'generic' : type && columnsOf(checker, type),
      values: valuesOf(node)?.map((value) => kindsOf(checker, checker.getTypeAtLocation(value))),
    });
  }
}

function enclosingFunction(node: Node): string {
  if (isFunctionDeclaration(node)) return node.name?.text ?? '';
  return node.parent === undefined ? '' : enclosingFunction(node.parent);
}

function columnsOf(checker: Checker, row: Type): ReadonlyMap<string, Kinds> {
  const columns = new Map<string, Set<string>>();
  for (const member of row.isUnionType() ? row.getTypes() : [row]) {
    for (const property of checker.getPropertiesOfType(member)) {
      const kinds = kindsOf(checker, checker.getTypeOfSymbol(property));
      columns.set(property.name, new Set([...(columns.get(property.name) ?? []), ...kinds]));
    }
  }
  return columns;
}

function valuesOf({ arguments: [first, second] }: CallExpression): Expression[] | undefined {
  const config = first !== undefined && isObjectLiteralExpression(first) ? first : undefined;
  const inConfig = config?.properties
    .filter(isPropertyAssignment)
    .find(({ name }) => isIdentifier(name) && name.text === 'values')?.initializer;
  const list = config === undefined ? second : inConfig;
  if (list === undefined || !isArrayLiteralExpression(list)) return undefined;
  return list.elements.some(isSpreadElement) ? undefined : [...list.elements];
}

const primitives: readonly (readonly [TypeFlags, string])[] = [
  [TypeFlags.StringLike, 'string'],
  [TypeFlags.NumberLike, 'number'],
  [TypeFlags.BooleanLike, 'boolean'],
  [TypeFlags.Null, 'null'],
  [TypeFlags.Undefined, 'undefined'],
  [TypeFlags.AnyOrUnknown, 'unknown'],
];

function kindsOf(checker: Checker, type: Type | undefined): Kinds {
  if (type === undefined) return new Set(['unknown']);
  const members = type.isUnionType() ? type.getTypes() : [type];
  return new Set(
    members.map((member) => {
      const primitive = primitives.find(([flags]) => (member.flags & flags) !== 0);
      if (primitive !== undefined) return primitive[1];
      if (checker.isArrayLikeType(member)) return 'array';
      const name = member.getSymbol()?.name ?? '';
      return name === 'Date' || name === 'Buffer' ? name : 'object';
    }),
  );
}

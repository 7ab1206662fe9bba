import { posix } from 'node:path'
import { Visitor } from 'oxc-parser'
import {
  dependenciesOf,
  lineAt,
  type PackageJson,
  type Problem,
  readPackageJsons,
  readSourceFiles,
  type SourceFile,
} from './source-files.ts'

/** From the ground up. A package may use those of the lines above its own, and of no other. */
export const LAYERS = [
  ['base', 'testkit'],
  ['store', 'formats'],
  ['engine', 'transport'],
  ['delta'],
  ['transform'],
  ['queries', 'outputs'],
  ['stream', 'batch', 'ingest'],
  ['watch'],
  ['millrace'],
]

const SCOPE = '@millrace/'

/** What tests share. Only tests import it, and it imports nothing of ours. */
const TEST_SUPPORT = '@millrace/testkit'

/** What all of a package's kind are held against: tests, which the package `millrace` brings to its users. */
const CONTRACT = 'contract'
const PUBLISHED_SUITES = 'packages/millrace/src/testkit.ts'

/** The settings of a clone, which name the example. */
const WORKSPACE_CONFIG = 'workspace.config.ts'

interface Import {
  readonly from: string
  readonly line: number
}

/** Imports and declared dependencies that go against the layers, around a package's exports, or undeclared. */
export function findLayerBreaks(root: string): Problem[] {
  const packages = new Map(readPackageJsons(root).map((json) => [posix.dirname(json.path), json]))
  return [
    ...[...packages.values()].flatMap(checkPackage),
    ...readSourceFiles(root).flatMap((file) =>
      importsOf(file).flatMap(({ from, line }) => {
        const message = checkImport(file.path, from, packages)
        return message === undefined ? [] : [{ path: `${file.path}:${line}`, message }]
      }),
    ),
  ]
}

function checkPackage(json: PackageJson): Problem[] {
  const folder = posix.dirname(json.path)
  const name = packageName(folder)
  if (name !== undefined && layerOf(name) < 0) {
    return [{ path: json.path, message: `${name} has no place in the layers: give it one in tools/check/layers.ts` }]
  }
  const ours = dependenciesOf(json).flatMap(([dependency]) => (dependency.startsWith(SCOPE) ? [dependency] : []))
  if (folder === '.' && ours.length > 0) {
    return [{ path: json.path, message: `the root depends on ${ours[0]}: every package could then import it unseen` }]
  }
  if (name !== undefined && json.dependencies?.[TEST_SUPPORT] !== undefined) {
    return [{ path: json.path, message: `${TEST_SUPPORT} is for tests: declare it under devDependencies` }]
  }
  return ours
    .filter((dependency) => name !== undefined && !isBelow(dependency.slice(SCOPE.length), name))
    .map((dependency) => ({ path: json.path, message: `${name} must not depend on ${dependency}: it is not below` }))
}

/** What is wrong with `from` in the file at `path`, if anything. */
function checkImport(path: string, from: string, packages: ReadonlyMap<string, PackageJson>): string | undefined {
  const home = homeOf(path, packages)
  if (path === WORKSPACE_CONFIG) return undefined
  if (from.startsWith('.')) {
    const target = posix.join(posix.dirname(path), from)
    return homeOf(target, packages) === home ? undefined : `${from} reaches into another package: import it by its name`
  }
  if (!from.startsWith(SCOPE)) return undefined
  const [name = '', ...inside] = from.slice(SCOPE.length).split('/')
  const own = packageName(home)
  if (inside.join('/') === CONTRACT) {
    if (!path.startsWith(`${home}/test/`) && path !== PUBLISHED_SUITES) return `${from} is for tests`
  } else if (inside.length > 0) return `${from} goes around the exports of ${SCOPE}${name}`
  if (from === TEST_SUPPORT && own !== undefined && !path.startsWith(`${home}/test/`)) {
    return `${from} is for tests: ${path} runs without them`
  }
  if (own !== undefined && name !== own && !isBelow(name, own)) {
    return `${own} must not import ${from}: it is not below`
  }
  if (name === own || path === 'millrace.config.ts') return undefined
  const declared = dependenciesOf(packages.get(home) ?? { path: home }).some(
    ([dependency]) => dependency === `${SCOPE}${name}`,
  )
  return declared ? undefined : `${from} is not declared in ${posix.join(home, 'package.json')}`
}

/** The folder of the package that a file belongs to. */
function homeOf(path: string, packages: ReadonlyMap<string, PackageJson>): string {
  let folder = posix.dirname(path)
  while (folder !== '.' && !folder.startsWith('..') && !packages.has(folder)) folder = posix.dirname(folder)
  return folder
}

function packageName(folder: string): string | undefined {
  return folder.startsWith('packages/') ? folder.slice('packages/'.length) : undefined
}

function layerOf(name: string): number {
  return LAYERS.findIndex((layer) => layer.includes(name))
}

function isBelow(name: string, other: string): boolean {
  return layerOf(name) >= 0 && layerOf(name) < layerOf(other)
}

/** Static, dynamic, type-only: all of them. */
export function importsOf({ text, program }: SourceFile): Import[] {
  const found: Import[] = []
  const add = (node: { value?: unknown; start: number } | null) => {
    if (typeof node?.value === 'string') found.push({ from: node.value, line: lineAt(text, node.start) })
  }
  new Visitor({
    ImportDeclaration: ({ source }) => add(source),
    ExportNamedDeclaration: ({ source }) => add(source),
    ExportAllDeclaration: ({ source }) => add(source),
    ImportExpression: ({ source }) => add('value' in source ? source : null),
    TSImportType: ({ source }) => add(source),
  }).visit(program)
  return found
}

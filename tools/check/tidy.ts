import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
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

const LONGEST_FILE = 400
const MEDIAN_FILE = 150

const PROMISE = /\b(?:TODO|FIXME|XXX|HACK)\b/
const ISSUE_LINK = /(?:https?:\/\/\S+\/issues\/\d+|#\d+)/

/** Where something may be printed or the process's own streams touched. */
const MAY_PRINT =
  /^(?:packages\/millrace\/src\/terminal\/|packages\/\w+\/test\/(?:\w+\/)*programs\/|packages\/testkit\/src\/services\/main\.ts$|packages\/millrace\/build\/|tools\/|bench\/)/

/** Tests that `pnpm test` leaves to `pnpm test:servers` and `pnpm test:full`. */
const WITH_SERVERS = /\.(?:servers|full)\.test\.ts$/

/** Only the command line knows its flags: rooms below it give facts, and advice in plain words. */
const SPEAKS_OF_FLAGS = /(?:^|[\s(`])--[a-z]{3,}/
const BELOW_THE_COMMAND_LINE = /^packages\/(?!millrace\/|testkit\/|watch\/src\/page\/)\w+\/src\/.*\.ts$/

const EXACT = /^(?:\d+\.\d+\.\d+(?:-[\w.]+)?|workspace:\*|catalog:)$/

const RANGE = /^[~^]\d+\.\d+\.\d+(?:-[\w.]+)?$/

/** The house rules that no other tool keeps. */
export function findUntidy(root: string): Problem[] {
  const files = readSourceFiles(root)
  return [
    ...files.flatMap((file) => [...checkLength(file), ...checkComments(file), ...checkSyntax(file)]),
    ...checkMedian(files),
    ...readPackageJsons(root).flatMap(versionProblems),
    ...checkCatalog(root),
  ]
}

function checkLength({ path, text }: SourceFile): Problem[] {
  const lines = lineCount(text)
  return lines > LONGEST_FILE ? [{ path, message: `has ${lines} lines; ${LONGEST_FILE} are the most` }] : []
}

function checkMedian(files: readonly SourceFile[]): Problem[] {
  const lengths = files.filter(({ path }) => path.includes('/src/')).map(({ text }) => lineCount(text))
  const median = lengths.sort((a, b) => a - b)[Math.floor(lengths.length / 2)] ?? 0
  return median > MEDIAN_FILE
    ? [{ path: 'packages', message: `the median file has ${median} lines; ${MEDIAN_FILE} are the most` }]
    : []
}

function checkComments({ path, text, comments }: SourceFile): Problem[] {
  return comments
    .filter(({ value }) => PROMISE.test(value) && !ISSUE_LINK.test(value))
    .map(({ start }) => ({ path: `${path}:${lineAt(text, start)}`, message: 'a promise without the link of an issue' }))
}

function checkSyntax({ path, text, program }: SourceFile): Problem[] {
  const problems: Problem[] = []
  const add = (start: number, message: string) => problems.push({ path: `${path}:${lineAt(text, start)}`, message })
  new Visitor({
    ExportDefaultDeclaration: ({ start }) => {
      if (!path.endsWith('.config.ts')) add(start, 'a default export; only *.config.ts has one')
    },
    ImportDeclaration: ({ source, specifiers, start }) => {
      const names = specifiers.map(({ local }) => local.name)
      if (!path.endsWith('.test.ts') || WITH_SERVERS.test(path) || !names.includes('withServices')) return
      if (source.value === '@millrace/testkit') add(start, 'needs servers: name it *.servers.test.ts')
    },
    Literal: ({ value, start }) => {
      if (typeof value !== 'string' || !BELOW_THE_COMMAND_LINE.test(path)) return
      if (SPEAKS_OF_FLAGS.test(value)) add(start, 'names a flag of the command line')
    },
    TemplateElement: ({ value, start }) => {
      if (BELOW_THE_COMMAND_LINE.test(path) && SPEAKS_OF_FLAGS.test(value.raw)) {
        add(start, 'names a flag of the command line')
      }
    },
    MemberExpression: ({ object, property, start }) => {
      if (MAY_PRINT.test(path) || object.type !== 'Identifier' || property.type !== 'Identifier') return
      const isStream = object.name === 'process' && ['stdout', 'stderr'].includes(property.name)
      if (isStream || object.name === 'console') add(start, 'prints outside packages/millrace/src/terminal')
    },
  }).visit(program)
  return problems
}

function versionProblems(json: PackageJson): Problem[] {
  // A published package names ranges: whoever installs it gets the mends of its dependencies.
  const published = json.private === true ? {} : { ...json.dependencies, ...json.peerDependencies }
  return dependenciesOf(json).flatMap(([name, version]) => {
    if (published[name] !== version) return checkVersion(json.path, name, version)
    return RANGE.test(version) ? [] : [{ path: json.path, message: `${name} ${version} is not a range like ^1.2.3` }]
  })
}

function checkVersion(path: string, name: string, version: string): Problem[] {
  return EXACT.test(version) ? [] : [{ path, message: `${name} ${version} is not an exact version` }]
}

function checkCatalog(root: string): Problem[] {
  const path = 'pnpm-workspace.yaml'
  if (!existsSync(join(root, path))) return []
  const catalog = readFileSync(join(root, path), 'utf8').split(/^catalog:\n/m)[1] ?? ''
  return catalog.split('\n').flatMap((line) => {
    const [, name, version] = /^ {2}['"]?([^'":]+)['"]?: ['"]?([^'"]+)['"]?$/.exec(line) ?? []
    return name === undefined || version === undefined ? [] : checkVersion(path, name, version)
  })
}

function lineCount(text: string): number {
  return text.split('\n').length - (text.endsWith('\n') ? 1 : 0)
}

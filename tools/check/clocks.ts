import { Visitor } from 'oxc-parser'
import { lineAt, type Problem, readSourceFiles, type SourceFile } from './source-files.ts'

const CODE = /^(?:packages\/\w+\/src|examples\/\w+)\//

/** Where the clock is not for a test to play, each with the reason. */
const MAY_LOOK: readonly (readonly [path: string, reason: string])[] = [
  ['packages/base/src/runtime.ts', 'it hands the clock and the chance out'],
  ['packages/testkit/', 'it waits for real servers'],
  ['packages/watch/src/page/', 'it runs in a browser'],
  ['packages/engine/src/beside.ts', 'it looks every millisecond whether the engine has ended a statement'],
  ['packages/transport/src/kafka/fetch/fetch-connection.ts', "it guards a broker's socket"],
  ['packages/transport/src/mysql/flood-guard.ts', "it guards a server's socket"],
  ['packages/ingest/src/gateway/access-log.ts', 'it flushes a file now and then'],
  ['packages/ingest/src/sinks/http.ts', "it guards a server's answers"],
  ['packages/batch/src/trino/statement.ts', "it guards a cluster's answers"],
  ['packages/store/src/confined.ts', 'it asks the file system again after a second'],
]

const TIMERS = new Set(['setTimeout', 'setInterval'])
const MEMBERS = new Set(['Date.now', 'Math.random', 'performance.now', 'AbortSignal.timeout'])

/** Clocks, timers and chance that do not come from `Runtime`, so that no test could play them. */
export function findOwnClocks(root: string): Problem[] {
  return readSourceFiles(root)
    .filter(({ path }) => CODE.test(path) && !MAY_LOOK.some(([known]) => path.startsWith(known)))
    .flatMap(clocksIn)
}

function clocksIn({ path, text, program }: SourceFile): Problem[] {
  const problems: Problem[] = []
  const add = (what: string, start: number) =>
    problems.push({ path: `${path}:${lineAt(text, start)}`, message: `${what} is not from Runtime: take one in` })
  new Visitor({
    ImportSpecifier: ({ imported, start }) => {
      if (imported.type === 'Identifier' && TIMERS.has(imported.name)) add(imported.name, start)
    },
    MemberExpression: ({ object, property, start }) => {
      if (object.type !== 'Identifier' || property.type !== 'Identifier') return
      const name = `${object.name}.${property.name}`
      if (MEMBERS.has(name)) add(name, start)
    },
    CallExpression: ({ callee, start }) => {
      if (callee.type === 'Identifier' && TIMERS.has(callee.name)) add(callee.name, start)
    },
    NewExpression: ({ callee, arguments: given, start }) => {
      if (callee.type === 'Identifier' && callee.name === 'Date' && given.length === 0) add('new Date()', start)
    },
  }).visit(program)
  return problems
}

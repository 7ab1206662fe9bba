import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const ENTRIES = { millrace: 'index.d.ts', 'millrace/delta': 'delta.d.ts', 'millrace/testkit': 'testkit.d.ts' }

const DECLARATION = /^(?:export )?(?:declare )?(?:abstract )?(?:interface|type|class|function|const|enum) ([\w$]+)/gm

/** Returns what the package exports and how it is typed, in one order whatever files it is in: what a review looks at. */
export function apiReport(dist: string): string {
  const files = readdirSync(dist).filter((name) => name.endsWith('.d.ts'))
  const declarations = new Map(files.flatMap((name) => declarationsIn(readFileSync(join(dist, name), 'utf8'))))
  const exported = Object.entries(ENTRIES).map(([entry, file]) => ({
    entry,
    names: exportsOf(readFileSync(join(dist, file), 'utf8')),
  }))
  const lists = exported.map(({ entry, names }) => `### ${entry}\n\n${names.join(', ')}\n`)
  const names = [...new Set(exported.flatMap((each) => each.names))].sort()
  const types = names.flatMap((name) => declarations.get(name) ?? [])
  const named = namedBy(types, declarations, new Set(names))
  return `# What the package exports

Made by \`pnpm --filter millrace api\`, and compared by a test: a change here is a change of the library.

${lists.join('\n')}
### Types

\`\`\`ts
${types.join('\n\n')}
\`\`\`

### Types that these name, and that are not exported

\`\`\`ts
${named.join('\n\n')}
\`\`\`
`
}

/** Returns the declarations that others name, directly or through each other: a change there is a change of those. */
function namedBy(
  texts: readonly string[],
  declarations: ReadonlyMap<string, string>,
  known: ReadonlySet<string>,
): string[] {
  const found = new Map<string, string>()
  const look = (text: string) => {
    for (const [name] of text.matchAll(/[A-Za-z_$][\w$]*/g)) {
      const declaration = declarations.get(name)
      if (declaration === undefined || known.has(name) || found.has(name)) continue
      found.set(name, declaration)
      look(declaration)
    }
  }
  for (const text of texts) look(text)
  return [...found].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, text]) => text)
}

function exportsOf(text: string): string[] {
  const listed = [...text.matchAll(/^export (?:type )?\{([^}]*)\}/gm)].flatMap(([, names = '']) => names.split(','))
  const names = listed.map((name) =>
    name
      .trim()
      .replace(/^type /, '')
      .replace(/^.* as /, ''),
  )
  const declared = [...text.matchAll(/^export declare \w+ (\w+)/gm)].map(([, name = '']) => name)
  return [...new Set([...names, ...declared])].filter(Boolean).sort()
}

/** The declarations of a file by their names, without comments: their words may change. */
function declarationsIn(text: string): [name: string, text: string][] {
  const code = text.replace(/^ *\/\*\*[\s\S]*?\*\/\n/gm, '').replace(/^(?:import|export (?:type )?\{).*\n?/gm, '')
  const starts = [...code.matchAll(DECLARATION)]
  return starts.map(({ index, 1: name = '' }, i) => [name, code.slice(index, starts[i + 1]?.index).trimEnd()])
}

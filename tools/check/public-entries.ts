import { posix } from 'node:path'
import { Visitor } from 'oxc-parser'
import { lineAt, type Problem, readSourceFiles, type SourceFile } from './source-files.ts'

const INDEX = /^packages\/\w+\/src\/index\.ts$/
const TEST = /^(packages\/\w+)\/test\//

/**
 * Tests that import from inside their package what its entry exports. A test of something private imports the file
 * that has it, and shows by that import that it is private.
 */
export function findPrivateImports(root: string): Problem[] {
  const files = readSourceFiles(root)
  const entries = new Map(files.filter(({ path }) => INDEX.test(path)).map((file) => [file.path, exportsOf(file)]))
  return files.flatMap((file) => {
    const [, folder] = TEST.exec(file.path) ?? []
    const exported = folder && entries.get(`${folder}/src/index.ts`)
    return exported ? importsPast(file, exported) : []
  })
}

/** The names that an entry exports, each with the file that it comes from. */
function exportsOf({ path, program }: SourceFile): Map<string, string> {
  const exported = new Map<string, string>()
  new Visitor({
    ExportNamedDeclaration: ({ source, specifiers }) => {
      if (!source) return
      const from = resolved(path, source.value)
      for (const { local } of specifiers) if (local.type === 'Identifier') exported.set(local.name, from)
    },
  }).visit(program)
  return exported
}

function importsPast({ path, text, program }: SourceFile, exported: ReadonlyMap<string, string>): Problem[] {
  const problems: Problem[] = []
  new Visitor({
    ImportDeclaration: ({ source, specifiers, start }) => {
      if (!source.value.startsWith('.')) return
      const from = resolved(path, source.value)
      const names = specifiers.flatMap((each) =>
        each.type === 'ImportSpecifier' && each.imported.type === 'Identifier' ? [each.imported.name] : [],
      )
      const known = names.filter((name) => exported.get(name) === from)
      if (known.length === 0) return
      problems.push({ path: `${path}:${lineAt(text, start)}`, message: `import ${known.join(', ')} from src/index.ts` })
    },
  }).visit(program)
  return problems
}

function resolved(path: string, source: string): string {
  return source.startsWith('.') ? posix.join(posix.dirname(path), source) : source
}

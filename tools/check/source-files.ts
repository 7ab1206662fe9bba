import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Comment, type Program, parseSync } from 'oxc-parser'

/** One of our own TypeScript files, parsed. */
export interface SourceFile {
  /** From the root, with `/` between parts. */
  readonly path: string
  readonly text: string
  readonly program: Program
  readonly comments: readonly Comment[]
}

/** What a check found fault with. */
export interface Problem {
  readonly path: string
  readonly message: string
}

const OURS = ['*.ts', '{packages,test,bench,tools,infra}/**/*.ts']
const NOT_OURS = ['**/node_modules', '**/dist', '**/fixtures', '**/cdk.out']

export function readSourceFiles(root: string): SourceFile[] {
  const paths = globSync(OURS, { cwd: root, exclude: NOT_OURS })
  return paths.sort().map((path) => {
    const text = readFileSync(join(root, path), 'utf8')
    const { program, comments } = parseSync(path, text)
    return { path, text, program, comments }
  })
}

export interface PackageJson {
  /** From the root. */
  readonly path: string
  /** Not published. */
  readonly private?: boolean
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

export function readPackageJsons(root: string): PackageJson[] {
  const paths = globSync(['package.json', '{test,bench,infra}/**/package.json', 'packages/*/package.json'], {
    cwd: root,
    exclude: NOT_OURS,
  })
  return paths.sort().map((path) => ({ ...JSON.parse(readFileSync(join(root, path), 'utf8')), path }))
}

export function dependenciesOf(json: PackageJson): [name: string, version: string][] {
  const { dependencies, devDependencies, optionalDependencies, peerDependencies } = json
  return [dependencies, devDependencies, optionalDependencies, peerDependencies].flatMap((group) =>
    Object.entries(group ?? {}),
  )
}

export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length
}

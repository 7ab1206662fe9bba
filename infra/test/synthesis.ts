import { execFile } from 'node:child_process'
import { cp, mkdir, readdir, readFile, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const PARTS = ['infra/aws', 'infra/image', 'infra/airflow', 'tsconfig.json']

export interface Resource {
  readonly Type: string
  // biome-ignore lint/suspicious/noExplicitAny: CloudFormation's own shapes, one for each type.
  readonly Properties: Readonly<Record<string, any>>
}

export interface Synthesis {
  readonly folder: string
  readonly templates: readonly string[]
  /** The logical names and resources of a type, in a stack. */
  resources(stack: string, type: string): readonly (readonly [string, Resource])[]
  /** Lines of cdk-nag's reports that are neither met nor accepted. */
  readonly found: readonly string[]
}

/** A copy of the app with its dependencies beside it, as after `npm ci`. */
export async function copyApp(folder: string, dependencies: string): Promise<string> {
  for (const part of PARTS) {
    const filter = (path: string) => !path.includes('node_modules')
    await cp(join(ROOT, part), join(folder, part), { recursive: true, filter })
  }
  const app = join(folder, 'infra/aws')
  await symlink(join(dependencies, 'node_modules'), join(app, 'node_modules'))
  await mkdir(join(folder, 'node_modules'))
  await symlink(join(ROOT, 'node_modules/@types'), join(folder, 'node_modules/@types'))
  return app
}

/** Synthesises without a network, without an account and without the CDK's command. */
export async function synthesise(app: string, context: Readonly<Record<string, unknown>>): Promise<Synthesis> {
  const own = JSON.parse(await readFile(join(app, 'cdk.json'), 'utf8')) as { context: object }
  const out = join(app, 'cdk.out')
  const env = { ...process.env, CDK_OUTDIR: out, CDK_CONTEXT_JSON: JSON.stringify({ ...own.context, ...context }) }
  await run(process.execPath, ['main.ts'], { cwd: app, env, maxBuffer: 64 << 20 })
  const names = await readdir(out)
  const textsOf = (ending: string) =>
    Promise.all(
      names
        .filter((name) => name.endsWith(ending))
        .map(async (name) => [name, await readFile(join(out, name), 'utf8')] as const),
    )
  const templates = await textsOf('.template.json')
  const stacks = new Map(templates.map(([name, text]) => [name.split('.')[0], JSON.parse(text).Resources as object]))
  const reports = await textsOf('NagReport.csv')
  return {
    folder: out,
    templates: templates.map(([name]) => join(out, name)),
    resources: (stack, type) =>
      Object.entries<Resource>((stacks.get(stack) ?? {}) as Record<string, Resource>).filter(
        ([, resource]) => resource.Type === type,
      ),
    found: reports.flatMap(([, text]) =>
      text
        .split('\n')
        .slice(1)
        .filter((line) => line !== '' && !/^"[^"]*","[^"]*","(?:Compliant|Suppressed)"/.test(line)),
    ),
  }
}

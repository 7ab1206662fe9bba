import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import packageJson from '../../package.json' with { type: 'json' }
import { layOut, readExamples } from '../library/examples.ts'
import { temporaryFolder } from '../run-millrace.ts'
import { buildPackage, pack } from './built-package.ts'

// The package as anybody gets it: installed by npm, from the registry, into a folder that knows nothing of this one.

const folder = temporaryFolder()
const app = join(folder.path, 'app')
const lowest = /\d+\.\d+\.\d+/.exec(packageJson.engines.node)?.[0] ?? ''
const nodes = new Map([[process.version, process.execPath]])

beforeAll(() => {
  using built = buildPackage()
  npm(app, pack(built.folder), 'apache-arrow@21', 'typescript@7', '@types/node@22', 'vitest@5', 'fast-check@4')
  const systems = { win32: 'win' } as Readonly<Record<string, string>>
  const name = `node-${systems[process.platform] ?? process.platform}-${process.arch}`
  const home = join(folder.path, 'node')
  npm(home, `${name}@${lowest}`)
  nodes.set(`v${lowest}`, join(home, 'node_modules', name, 'bin/node'))
})
afterAll(() => folder[Symbol.dispose]())

function npm(at: string, ...packages: readonly string[]): void {
  mkdirSync(at, { recursive: true })
  writeFileSync(join(at, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
  const args = ['install', '--no-audit', '--no-fund', '--prefer-offline', ...packages]
  const { status, stderr } = spawnSync('npm', args, { cwd: at, encoding: 'utf8' })
  if (status !== 0) throw new Error(`npm ${args.join(' ')} failed: ${stderr}`)
}

function environment(node: string): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^(?:MILLRACE_|NODE_|npm_)/.test(name))
  const path = [join(node, '..'), join(app, 'node_modules/.bin'), process.env.PATH].join(delimiter)
  return { ...Object.fromEntries(own), PATH: path, NO_COLOR: '1' }
}

/** Streams the example until each of its tables has rows, then stops. Returns what it wrote beside its log. */
async function streamSome(node: string, cwd: string, command = 'millrace'): Promise<string[]> {
  const worker = spawn(command, ['stream', '--no-dashboard'], { cwd, env: environment(node) })
  const ended = once(worker, 'close')
  const [committed, others] = [new Set<unknown>(), [] as string[]]
  const reading = createInterface(worker.stderr).on('line', (line) => {
    const event = line.startsWith('{') ? JSON.parse(line) : others.push(line)
    if (event.event === 'committed' && committed.add(event.dataset).size === 3) worker.kill('SIGINT')
  })
  worker.stdout.resume()
  expect(await ended, others.join('\n')).toEqual([130, null])
  reading.close()
  return others
}

function run(node: string, cwd: string, command: string, ...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8', env: environment(node) })
  return { status, stdout, stderr }
}

function count(node: string, cwd: string): number {
  const { stdout, stderr } = run(node, cwd, 'millrace', 'sql', 'select count(*) as n from pin', '--format', 'json')
  expect(stderr).toBe('')
  return JSON.parse(stdout)[0].n
}

describe.each([`v${lowest}`, process.version])('with Node %s', (version) => {
  const nodeOf = () => nodes.get(version) ?? ''
  const cwdOf = (name: string) => {
    const path = join(folder.path, `${name}-${version}`)
    mkdirSync(path, { recursive: true })
    return path
  }

  test('it is that Node', () => {
    expect(run(nodeOf(), folder.path, 'node', '--version').stdout.trim()).toBe(version)
  })

  test('the command streams, asks and proves, in an empty folder, without a word beside', async () => {
    const cwd = cwdOf('command')
    expect(await streamSome(nodeOf(), cwd)).toEqual([])
    const before = count(nodeOf(), cwd)
    expect(await streamSome(nodeOf(), cwd)).toEqual([])
    expect(count(nodeOf(), cwd)).toBeGreaterThan(before)
    expect(run(nodeOf(), cwd, 'millrace', 'verify', '--source', 'embedded:./data/stream.db')).toMatchObject({
      status: 0,
    })
  })

  test('a project is made, tested, filled and asked', () => {
    const cwd = cwdOf('projects')
    const done = (at: string, ...args: readonly string[]) => {
      const { status, stdout, stderr } = run(nodeOf(), join(cwd, at), 'millrace', ...args)
      expect(status, stderr).toBe(0)
      return stdout
    }
    done('.', 'init', 'shop')
    expect(done('shop', 'test')).toContain('3 passed, 0 failed')
    done('shop', 'ingest', '--count', '100')
    const streamed = JSON.parse(done('shop', 'stream', '--until-caught-up', '--json'))
    expect(streamed).toMatchObject({ rows: 100, quarantined: 0 })
    expect(done('shop', 'sql', 'select count(*) as n from orders', '--format', 'json')).toBe('[{"n":100}]\n')
    done('shop', 'batch', '--date', '2026-01-31')
    expect(done('shop', 'dev', '--once')).toContain('20 records: 20 clean')
    expect(done('shop', 'completion', 'bash')).toContain('complete -o')

    done('.', 'init', '--example', 'pinterest', 'posts')
    expect(done('posts', 'test')).toMatch(/\d+ passed, 0 failed/)
    expect(done('posts', 'ingest', '--count', '2', '--to', 'console').trim().split('\n').length).toBe(6)
  })

  test('a configuration in TypeScript is found, and names `millrace`', () => {
    const cwd = cwdOf('config')
    const config =
      "import { defineConfig } from 'millrace'\nexport default defineConfig({ lake: './there' as string })\n"
    writeFileSync(join(cwd, 'millrace.config.ts'), config)
    const { stdout, stderr } = run(nodeOf(), cwd, 'millrace', 'config', '--json')
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toContainEqual({ setting: 'lake', value: './there', origin: 'millrace.config.ts' })
  })

  test('it is a library for plain JavaScript', () => {
    const program = `import { openLake } from 'millrace/delta'
const lake = await openLake(${JSON.stringify(cwdOf('library'))})
const table = await lake.createTable('t', { columns: { a: 'long' } })
await table.append([{ a: 1 }, { a: 2 }])
console.log(JSON.stringify(await table.read('select sum(a) as sum from t')))
await lake.close()
`
    writeFileSync(join(app, 'plain.js'), program)
    expect(run(nodeOf(), app, 'node', 'plain.js').stdout).toBe('[{"sum":3}]\n')
  })
})

describe('in a project in TypeScript', () => {
  const examples = readExamples()

  test('the examples of docs/library.md have the right types, under `strict` and without `skipLibCheck`', () => {
    layOut(app, examples)
    const compilerOptions = {
      target: 'es2024',
      lib: ['es2024', 'esnext.array', 'esnext.disposable'],
      module: 'nodenext',
      types: ['node'],
      strict: true,
      noEmit: true,
      allowImportingTsExtensions: true,
    }
    writeFileSync(
      join(app, 'tsconfig.json'),
      JSON.stringify({ compilerOptions, include: ['*.ts'], exclude: ['*.test.ts'] }),
    )
    expect(run(process.execPath, app, 'tsc', '-p', '.')).toEqual({ status: 0, stdout: '', stderr: '' })
  })

  test("what it says of a source, an output, a format and a store of one's own passes their suites, with right types", () => {
    // Vitest's own types need more than a project has by itself.
    const config = {
      extends: './tsconfig.json',
      compilerOptions: { skipLibCheck: true },
      include: ['*.ts'],
      exclude: [],
    }
    writeFileSync(join(app, 'tsconfig.tests.json'), JSON.stringify(config))
    expect(run(process.execPath, app, 'tsc', '-p', 'tsconfig.tests.json')).toEqual({
      status: 0,
      stdout: '',
      stderr: '',
    })
    const { status, stdout, stderr } = run(
      process.execPath,
      app,
      'vitest',
      'run',
      '--reporter=json',
      '--outputFile=report.json',
      '--maxWorkers=1',
    )
    expect(status, `${stdout}${stderr}`).toBe(0)
    const { testResults } = JSON.parse(readFileSync(join(app, 'report.json'), 'utf8')) as {
      testResults: { name: string; assertionResults: unknown[] }[]
    }
    const counts = testResults.map(({ name, assertionResults }) => [basename(name), assertionResults.length >= 7])
    const files = ['lines', 'map-store', 'pairs', 'sqlite'].map((name) => [`${name}.test.ts`, true])
    expect(counts.sort()).toEqual(files)
  })

  test(`they print what it says, with Node ${lowest}`, () => {
    for (const { name, prints } of examples) {
      if (prints === undefined) continue
      const { stdout, stderr } = run(nodes.get(`v${lowest}`) ?? '', app, 'node', '--no-warnings', name)
      expect([name, stdout], stderr).toEqual([name, prints])
    }
  })

  test('its configuration file makes an own source, output and format known to the command', () => {
    const args = ['stream', '--until-caught-up', '--json', '--lake', './own', '--tables', 'orders=own_orders']
    const { status, stdout, stderr } = run(nodes.get(`v${lowest}`) ?? '', app, 'millrace', ...args)
    expect(status, stderr).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ rows: 3, quarantined: 2 })
  })
})

/** Such as `millrace@latest`, or the path of a tarball. */
const earlier = process.env.MILLRACE_EARLIER_PACKAGE

test.runIf(earlier !== undefined)('it goes on where an earlier package has stopped', async () => {
  const [before, cwd] = [join(folder.path, 'before'), join(folder.path, 'upgrade')]
  npm(before, earlier ?? '')
  mkdirSync(cwd)
  const command = join(before, 'node_modules/.bin/millrace')
  expect(existsSync(command)).toBe(true)
  await streamSome(process.execPath, cwd, command)
  const rows = count(process.execPath, cwd)
  await streamSome(process.execPath, cwd)
  expect(count(process.execPath, cwd)).toBeGreaterThan(rows)
  expect(run(process.execPath, cwd, 'millrace', 'verify', '--source', 'embedded:./data/stream.db')).toMatchObject({
    status: 0,
  })
})

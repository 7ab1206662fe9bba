import { Writable } from 'node:stream'
import type { Asked, Finished } from './resident-command.ts'

type RunCommandLine = (process: NodeJS.Process) => Promise<void>

/** Runs the command lines that come, one at a time; argv names the module with `runCommandLine`. */
const { runCommandLine } = (await import(String(process.argv[2]))) as { readonly runCommandLine: RunCommandLine }

process.on('message', async (asked: Asked) => process.send?.(await run(asked)))
process.on('disconnect', () => process.exit())

async function run({ args, cwd, env }: Asked): Promise<Finished> {
  process.chdir(cwd)
  for (const name of Object.keys(process.env)) if (!Object.hasOwn(env, name)) delete process.env[name]
  Object.assign(process.env, env)
  const [stdout, stderr] = [collector(), collector()]
  const own = {
    ...{ argv: [process.execPath, 'millrace', ...args], env: process.env, exitCode: 0 },
    ...{ stdout: stdout.stream, stderr: stderr.stream, on: () => own, exit: process.exit },
  }
  await runCommandLine(own as unknown as NodeJS.Process)
  return { exitCode: own.exitCode, stdout: stdout.text(), stderr: stderr.text() }
}

function collector() {
  const chunks: Buffer[] = []
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      chunks.push(chunk)
      done()
    },
  })
  return { stream, text: () => Buffer.concat(chunks).toString() }
}

import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { RunCommand, Server } from './server.ts'
import { missingTool } from './toolchain.ts'

const SCRIPTS = fileURLToPath(new URL('python', import.meta.url))

export interface HttpAddress {
  readonly url: string
}

/** One of the scripts beside this file. */
export function pythonScript(name: string): string {
  return join(SCRIPTS, name)
}

/** For commands that run those scripts: the repository stays as it is. */
export const PYTHON_ENV = { PYTHONDONTWRITEBYTECODE: '1', PYTHONUNBUFFERED: '1' }

export function venvPython(home: string): string {
  return join(home, 'venv', 'bin', 'python')
}

export async function makeVenv(home: string, requirements: readonly string[], run: RunCommand): Promise<void> {
  await run(['python3', '-m', 'venv', join(home, 'venv')])
  await run([venvPython(home), '-m', 'pip', 'install', '--no-input', '--disable-pip-version-check', ...requirements])
}

/** Whether a server of answering.py is there. */
export async function answers({ url }: HttpAddress): Promise<boolean> {
  return (await fetch(url)).ok
}

/** A server of answering.py: a script beside this file, with the packages that it needs. */
export function pythonServer(requirements: readonly string[], script: string): Server<HttpAddress> {
  return {
    pins: requirements.join('\n'),
    missing: () => missingTool('python3'),
    install: (home, run) => makeVenv(home, requirements, run),
    launch: async ({ home, freePort }) => {
      const port = await freePort()
      const address = { url: `http://127.0.0.1:${port}` }
      return {
        command: [venvPython(home), pythonScript(script), String(port)],
        env: PYTHON_ENV,
        address,
        ready: () => answers(address),
      }
    },
  }
}

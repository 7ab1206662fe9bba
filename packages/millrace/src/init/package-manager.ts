/** What installs packages, and how its commands are typed. */
export interface PackageManager {
  readonly name: 'npm' | 'pnpm' | 'yarn' | 'bun'
  readonly install: string
  /** Returns the command that runs a script of package.json. */
  run(script: string): string
}

const MANAGERS: readonly PackageManager[] = [
  { name: 'npm', install: 'npm install', run: (script) => (script === 'test' ? 'npm test' : `npm run ${script}`) },
  { name: 'pnpm', install: 'pnpm install', run: (script) => `pnpm ${script}` },
  { name: 'yarn', install: 'yarn', run: (script) => `yarn ${script}` },
  { name: 'bun', install: 'bun install', run: (script) => `bun run ${script}` },
]

/** Returns the package manager that started this process; each says so in the same variable. */
export function packageManager(environment: NodeJS.ProcessEnv): PackageManager {
  const name = environment.npm_config_user_agent?.split('/')[0]
  return MANAGERS.find((manager) => manager.name === name) ?? (MANAGERS[0] as PackageManager)
}

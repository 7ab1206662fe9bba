/** Says in words what `engines` in package.json says. */
const NEEDED = 'Node 22 from 22.22 on, or Node 24.6 or later'

export function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return (major === 22 && minor >= 22) || (major === 24 && minor >= 6) || major > 24
}

/** Ends the process where the Node it runs on is too old to load the rest. */
export function refuseOldNode({ versions, execPath, stderr, exit }: NodeJS.Process): void {
  if (isNewEnough(versions.node)) return
  stderr.write(`error[USAGE]: this is Node ${versions.node} (${execPath}): Millrace needs ${NEEDED}
next: Put a newer one first in PATH, or into the project: npm install --save-dev node@26\n`)
  exit(2)
}

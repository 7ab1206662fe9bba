/** Says in a sentence what `engines` in package.json says. */
export const NEEDED = 'Node 22 from 22.22 on, or Node 24.6 or later'

export function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return (major === 22 && minor >= 22) || (major === 24 && minor >= 6) || major > 24
}

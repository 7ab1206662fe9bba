/** Returns what a release says of its commits, the newest first as git lists them. */
export function changelogEntry(version: string, date: string, subjects: readonly string[]): string {
  const lines = [...new Set(subjects.map((subject) => subject.trim()))].filter((subject) => subject !== '')
  return `## ${version} (${date})\n\n${lines.map((line) => `- ${line}`).join('\n')}\n`
}

const TITLE = '# Changelog\n'

/** Puts an entry above those that are there; an entry of the same version is replaced. */
export function withEntry(changelog: string, entry: string): string {
  const [heading = ''] = entry.split('\n')
  const entries = changelog
    .replace(TITLE, '')
    .split(/^(?=## )/m)
    .filter((each) => each.trim() !== '')
  const others = entries.filter((each) => !each.startsWith(heading.replace(/ \(.*/, ' (')))
  return `${[TITLE, entry, ...others].map((each) => each.trim()).join('\n\n')}\n`
}

/** Returns the version after `version`: a part of it raised, or the one that is named. */
export function nextVersion(version: string, wanted: string): string {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number)
  if (wanted === 'major') return `${major + 1}.0.0`
  if (wanted === 'minor') return `${major}.${minor + 1}.0`
  if (wanted === 'patch') return `${major}.${minor}.${patch + 1}`
  if (/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(wanted)) return wanted
  throw new Error(`${wanted} is neither a version nor one of major, minor, patch`)
}

import { existsSync, globSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'

// Fails where a page of the built site links to what the site does not have: a page, an anchor, a picture; or where it
// loads anything from elsewhere.
const DIST = join(import.meta.dirname, 'dist')
const BASE = process.env.SITE_BASE ?? '/'

const pages = new Map(
  globSync('**/*.html', { cwd: DIST }).map((path) => [path, readFileSync(join(DIST, path), 'utf8')]),
)
const idsOf = new Map(
  [...pages].map(([path, html]) => [path, new Set([...html.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id))]),
)

const faults = [...pages].flatMap(([path, html]) => [
  ...[...html.matchAll(/<a\b[^>]*\shref="([^"]+)"/g)].flatMap(([, href = '']) => deadLink(path, href)),
  ...[...html.matchAll(/<(?:script|link|img|iframe)\b[^>]*\s(?:src|href)="([^"]+)"/g)].flatMap(([, from = '']) =>
    missingFile(path, from),
  ),
])

function deadLink(path: string, href: string): string[] {
  if (/^[a-z]+:/.test(href)) return []
  const [file = '', anchor] = href.split('#')
  const target = file === '' ? path : located(path, file)
  const found = [target, `${target}.html`, posix.join(target, 'index.html')].find((name) => pages.has(name))
  if (found === undefined) return existsSync(join(DIST, target)) ? [] : [`${path}: ${href} leads nowhere`]
  return anchor && !idsOf.get(found)?.has(decodeURIComponent(anchor)) ? [`${path}: ${href} has no such heading`] : []
}

function missingFile(path: string, from: string): string[] {
  if (/^(?:https?:)?\/\//.test(from)) return [`${path}: loads ${from} from elsewhere`]
  return from.startsWith('data:') || existsSync(join(DIST, located(path, from))) ? [] : [`${path}: ${from} is missing`]
}

function located(path: string, file: string): string {
  return file.startsWith('/') ? file.slice(BASE.length) : posix.join(posix.dirname(path), file)
}

for (const css of globSync('**/*.{css,html}', { cwd: DIST })) {
  const [outside] = /(?:@import|url\()\s*\(?['"]?https?:[^)'"\s]*/.exec(readFileSync(join(DIST, css), 'utf8')) ?? []
  if (outside) faults.push(`${css}: loads ${outside}`)
}
for (const fault of faults) console.error(fault)
console.log(`${pages.size} pages, ${faults.length} faults`)
if (faults.length > 0 || pages.size === 0) process.exitCode = 1

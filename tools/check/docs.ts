import { existsSync, globSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { headingsOf } from './headings.ts'
import { lineAt, type Problem } from './source-files.ts'

const PAGES = ['*.md', 'docs/**/*.md', '{infra,examples,packages,test,bench}/**/*.md']
const NOT_OURS = ['**/node_modules', '**/dist', '**/fixtures', '**/release']

/** The pages of docs in the order of the website; those of decisions are listed by the website itself. */
const NAVIGATION = 'site/navigation.json'

/** Links that lead nowhere, and pages that the website's navigation lacks. */
export function findBrokenDocs(root: string): Problem[] {
  const pages = globSync(PAGES, { cwd: root, exclude: NOT_OURS }).sort()
  const texts = new Map(pages.map((path) => [path, readFileSync(join(root, path), 'utf8')]))
  return [...[...texts].flatMap(([path, text]) => deadLinks(root, path, text, texts)), ...lostPages(root, pages)]
}

function deadLinks(root: string, path: string, text: string, texts: ReadonlyMap<string, string>): Problem[] {
  const prose = text.replaceAll(/^ *```[\s\S]*?^ *```|`[^`\n]*`/gm, (code) => code.replaceAll(/[^\n]/g, ' '))
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(({ 1: link = '', index }) => {
    if (/^[a-z]+:/.test(link)) return []
    const [file = '', anchor] = link.split('#')
    const target = file === '' ? path : posix.join(posix.dirname(path), file)
    const problem = (message: string) => [{ path: `${path}:${lineAt(text, index)}`, message }]
    if (target.startsWith('..') || !existsSync(join(root, target))) return problem(`${link} leads nowhere`)
    const page = texts.get(target)
    if (anchor === undefined || (page !== undefined && headingsOf(page).includes(anchor))) return []
    return problem(`${target} has no heading #${anchor}`)
  })
}

function lostPages(root: string, pages: readonly string[]): Problem[] {
  if (!existsSync(join(root, NAVIGATION))) return []
  const groups: { pages: Record<string, string> }[] = JSON.parse(readFileSync(join(root, NAVIGATION), 'utf8'))
  const listed = groups.flatMap((group) => Object.keys(group.pages).map((name) => `docs/${name}.md`))
  const present = pages.filter((path) => path.startsWith('docs/') && !/^docs\/(?:decisions\/|index\.md)/.test(path))
  return [
    ...present
      .filter((path) => !listed.includes(path))
      .map((path) => ({ path, message: `has no place in ${NAVIGATION}` })),
    ...listed
      .filter((path) => !present.includes(path))
      .map((path) => ({ path: NAVIGATION, message: `lists ${path}, which is not there` })),
  ]
}

import { cpSync, existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join, posix, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { renderMermaidSVG } from 'beautiful-mermaid'
import { defineConfig, type MarkdownOptions } from 'vitepress'
import { slugOf } from '../../tools/check/headings.ts'
import navigation from '../navigation.json' with { type: 'json' }

const ROOT = join(import.meta.dirname, '../..')
const DOCS = join(ROOT, 'docs')

/** Where the repository can be seen; in GitHub's workflow its own address. Without it such links are texts. */
const { GITHUB_SERVER_URL, GITHUB_REPOSITORY, SITE_BASE } = process.env
const REPOSITORY = GITHUB_REPOSITORY && `${GITHUB_SERVER_URL ?? 'https://github.com'}/${GITHUB_REPOSITORY}`

const fromHere = (name: string) => fileURLToPath(import.meta.resolve(name))

const titleOf = (path: string) => /^# (.*)$/m.exec(readFileSync(join(DOCS, path), 'utf8'))?.[1] ?? basename(path, '.md')

const groups = navigation.map(({ title, pages }) => ({
  text: title,
  collapsed: false,
  items: Object.entries(pages).map(([name, text]) => ({ text, link: `/${name}` })),
}))

const decisions = {
  text: 'Decisions',
  collapsed: true,
  items: globSync('decisions/*.md', { cwd: DOCS })
    .sort()
    .map((path) => ({ text: titleOf(path), link: `/${path.replace(/\.md$/, '')}` })),
}

/** Links out of docs lead into the repository: every one has to be there. */
function repositoryLink(href: string, page: string): string | undefined {
  const [path = '', anchor] = href.split('#')
  const target = join(dirname(page), path)
  if (!existsSync(target)) throw new Error(`${relative(ROOT, page)}: ${href} leads nowhere`)
  if (!REPOSITORY) return undefined
  const kind = statSync(target).isDirectory() ? 'tree' : 'blob'
  return posix.join(`${kind}/main`, relative(ROOT, target)) + (anchor ? `#${anchor}` : '')
}

/** The part of markdown-it that is used here. */
type Markdown = Parameters<NonNullable<MarkdownOptions['preConfig']>>[0]

function leadIntoRepository(md: Markdown): void {
  md.core.ruler.push('repository-links', ({ tokens, env }) => {
    for (const token of tokens) {
      for (const child of token.type === 'inline' ? (token.children ?? []) : []) {
        const href = child.attrGet('href')
        if (child.type !== 'link_open' || href === null || /^(?:[a-z]+:|#)/.test(href)) continue
        if (!relative(DOCS, join(dirname(env.path), href)).startsWith('..')) continue
        const link = repositoryLink(href, env.path)
        if (link) child.attrSet('href', `${REPOSITORY}/${link}`)
        else child.attrs = []
      }
    }
  })
}

function drawDiagrams(md: Markdown): void {
  const fence = md.renderer.rules.fence
  md.renderer.rules.fence = (tokens, index, ...rest) => {
    const { info = '', content = '' } = tokens[index] ?? {}
    if (info.trim() !== 'mermaid') return fence?.(tokens, index, ...rest) ?? ''
    const svg = renderMermaidSVG(content, { bg: 'var(--vp-c-bg)', fg: 'var(--vp-c-text-1)', transparent: true })
    const text = svg.replace(/@import url\([^)]*\);/, '').replaceAll("'Inter', ", '')
    return `<div class="diagram" role="img" aria-label="diagram">${inlineStyle(text)}</div>`
  }
}

/** A page's template may hold no style element under its own name. */
const inlineStyle = (svg: string) =>
  svg.replace(/<style>([\s\S]*?)<\/style>/, (_, css: string) => `<component is="style">${css}</component>`)

export default defineConfig({
  title: 'Millrace',
  description:
    'Kafka, Kinesis and the changes of databases into Delta Lake: cleaned, exactly once, in one Node process.',
  base: SITE_BASE ?? '/',
  srcDir: '../docs',
  outDir: 'dist',
  cacheDir: 'node_modules/.vitepress',
  cleanUrls: false,
  lastUpdated: false,
  // Pictures that a page only links to are not bundled.
  buildEnd: ({ outDir }) => cpSync(join(DOCS, 'images'), join(outDir, 'images'), { recursive: true }),
  // Pages lie outside of this project, where nothing is installed for them.
  vite: { resolve: { alias: { 'vue/server-renderer': fromHere('vue/server-renderer'), vue: fromHere('vue') } } },
  markdown: {
    anchor: { slugify: slugOf },
    linkify: false,
    config: (md) => {
      leadIntoRepository(md)
      drawDiagrams(md)
    },
  },
  themeConfig: {
    search: { provider: 'local' },
    outline: { level: [2, 3] },
    nav: [
      { text: 'Start', link: '/start' },
      { text: 'Reference', link: '/reference/commands' },
    ],
    sidebar: [...groups, decisions],
    ...(REPOSITORY && { socialLinks: [{ icon: 'github', link: REPOSITORY }] }),
  },
})

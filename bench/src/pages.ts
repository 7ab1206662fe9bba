import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Puts `text` between the markers of this name; a page without them gets a section of that name at its end. */
export function withSection(page: string, name: string, text: string): string {
  const [open, close] = [`<!-- bench:${name} -->`, `<!-- /bench:${name} -->`]
  const block = `${open}\n${text}\n${close}`
  const [before, rest] = splitOnce(page, open)
  if (rest === undefined) return `${page.trimEnd()}\n\n## ${name}\n\n${block}\n`
  const [, after] = splitOnce(rest, close)
  if (after === undefined) throw new Error(`${open} is not followed by ${close}`)
  return `${before}${block}${after}`
}

function splitOnce(text: string, mark: string): [string, string | undefined] {
  const at = text.indexOf(mark)
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + mark.length)]
}

export async function putIntoPage(path: string, name: string, text: string): Promise<void> {
  await writeFile(path, withSection(await readFile(path, 'utf8'), name, text))
}

export async function writeJson(path: string, value: unknown): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, `${JSON.stringify(value, null, 2)}\n`)
}

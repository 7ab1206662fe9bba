/** Text that is markup already; all other text is escaped where it goes into markup. */
export interface Html {
  readonly markup: string
}

type Part = string | number | Html | undefined | readonly Part[]

/** A piece of markup: what stands in the template is kept, what is filled in is text, unless it is markup itself. */
export function html(template: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return { markup: template.map((text, i) => text + (i < parts.length ? markupOf(parts[i]) : '')).join('') }
}

function markupOf(part: Part): string {
  if (part === undefined) return ''
  if (typeof part === 'string') return escapeHtml(part)
  if (typeof part === 'number') return String(part)
  return 'markup' in part ? part.markup : part.map(markupOf).join('')
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** HTML has no way to write control characters, nor halves of a character. */
const UNWRITABLE = /[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/gu

function escapeHtml(text: string): string {
  return text
    .replace(UNWRITABLE, (character) => ('\t\n'.includes(character) ? character : '\uFFFD'))
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character)
}

import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { referencePages } from './pages.ts'

// pnpm reference: writes the pages of docs/reference anew, from the lists in the code.
const folder = fileURLToPath(new URL('../../../../docs/reference/', import.meta.url))
mkdirSync(folder, { recursive: true })
for (const [name, text] of await referencePages()) writeFileSync(`${folder}${name}.md`, text)

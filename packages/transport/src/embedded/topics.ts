import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'

export async function embeddedTopics(path: string): Promise<string[]> {
  if (!existsSync(path)) return []
  const db = new DatabaseSync(path, { readOnly: true })
  try {
    const known = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'topic'").get()
    return known
      ? db
          .prepare('SELECT name FROM topic')
          .all()
          .map(({ name }) => String(name))
      : []
  } finally {
    db.close()
  }
}

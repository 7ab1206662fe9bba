import type { Runtime } from '@millrace/base'
import type { Feed, FeedOptions } from './feed.ts'

/** Opens a feed from `generator`, mysql://… or the path of a file. It loads only the module that it needs. */
export async function openFeed(from: string, options: FeedOptions, runtime: Runtime): Promise<Feed> {
  if (from === 'generator') return (await import('./generator/feed.ts')).generatorFeed(options)
  if (from.startsWith('mysql:')) return (await import('./mysql/feed.ts')).mysqlFeed(from, options, runtime)
  return (await import('./files/feed.ts')).fileFeed(from, options.datasets)
}

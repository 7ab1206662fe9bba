import { join } from 'node:path'
import { defineConfig } from 'millrace'

export default defineConfig({
  datasets: ['pin', 'geo', 'user'],
  datasetFolders: [join(import.meta.dirname, 'datasets')],
  questionFolders: [join(import.meta.dirname, 'questions')],
  databaseTables: { pin: 'pinterest_data', geo: 'geolocation_data', user: 'user_data' },
  recordPaths: ['pin'],
})

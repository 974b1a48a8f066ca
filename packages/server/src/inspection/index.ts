/** Inspections: looking into images as a task, and what is stored of them. */
export { inspectionRoutes } from './routes.ts';

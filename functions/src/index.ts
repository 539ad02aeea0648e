export { admin } from './entrypoints/admin/admin.ts';
export { processImportQueue } from './entrypoints/schedules/process-import-queue.ts';
export { sweepJobs } from './entrypoints/schedules/sweep-jobs.ts';
export { advanceJob } from './entrypoints/tasks/advance-job.ts';
export { processCall } from './entrypoints/tasks/process-call.ts';
export { onImportJobUpdate } from './entrypoints/triggers/on-import-job-update.ts';

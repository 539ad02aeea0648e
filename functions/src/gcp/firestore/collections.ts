import type { Firestore } from 'firebase-admin/firestore';

/** Every path that the engine stores documents at. */
export function collectionsOf(db: Firestore) {
  const jobs = db.collection('importJobs');
  return {
    jobs,
    pages: (jobId: string) => jobs.doc(jobId).collection('pages'),
    counters: (jobId: string) => jobs.doc(jobId).collection('counters'),
    calls: db.collection('importedCalls'),
    engagements: db.collection('engagements'),
    credentials: db.collection('importCredentials'),
    audit: db.collection('auditLog'),
    rotations: db.collection('keyRotations'),
    notifications: db.collection('importNotifications'),
    drifts: db.collection('platformDrifts'),
    budgets: db.collection('rateBudgets'),
    idempotencyKeys: db.collection('idempotencyKeys'),
    companies: db.collection('companies'),
    contacts: db.collection('contacts'),
  };
}

export type Collections = ReturnType<typeof collectionsOf>;

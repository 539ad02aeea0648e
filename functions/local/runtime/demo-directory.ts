import type { Firestore } from 'firebase-admin/firestore';

/** The customer whom the first import is for. */
export const demoCustomerId = 'demo';

const companies = [
  { id: 'company-acme', name: 'Acme', domains: ['acme.example'] },
  { id: 'company-globex', name: 'Globex', domains: ['globex.example'] },
  { id: 'company-initech', name: 'Initech', domains: ['initech.example'] },
];

const contacts = [
  {
    id: 'contact-priya',
    name: 'Priya Natarajan',
    emails: ['priya.natarajan@acme.example'],
    companyId: 'company-acme',
  },
  {
    id: 'contact-hank',
    name: 'Hank Scorpio',
    emails: ['hank@globex.example'],
    companyId: 'company-globex',
  },
  { id: 'contact-jo', name: 'Jo March', emails: ['jo.march.1868@gmail.com'], companyId: null },
];

/** Gives the demo customer some companies and contacts, so that there is somebody to match. */
export async function writeDemoDirectory(db: Firestore): Promise<void> {
  const batch = db.batch();
  for (const company of companies) {
    batch.set(db.collection('companies').doc(company.id), {
      ...company,
      customerId: demoCustomerId,
    });
  }
  for (const contact of contacts) {
    batch.set(db.collection('contacts').doc(contact.id), {
      ...contact,
      phones: [],
      customerId: demoCustomerId,
    });
  }
  await batch.commit();
}

/** Somebody who may take part in a sandbox call. */
export interface SandboxPerson {
  readonly name: string;
  readonly email: string | null;
}

export interface SandboxCompany {
  readonly name: string;
  readonly people: readonly SandboxPerson[];
}

/** The vendor whose workspace this is: everybody here is internal. */
export const vendorUsers: readonly SandboxPerson[] = [
  { name: 'Ann Lee', email: 'ann.lee@northwind.example' },
  { name: 'Bob Ray', email: 'bob.ray@northwind.example' },
  { name: 'Chidi Okafor', email: 'chidi.okafor@northwind.example' },
  { name: 'Dana Whitfield', email: 'dana.whitfield@northwind.example' },
  { name: 'Élodie Marchand', email: 'elodie.marchand@northwind.example' },
  { name: 'Farid Haddad', email: 'farid.haddad@northwind.example' },
];

/** The vendor's customers; the last are people who write from a private address or from none. */
export const customerCompanies: readonly SandboxCompany[] = [
  {
    name: 'Acme',
    people: [
      { name: 'Priya Natarajan', email: 'priya.natarajan@acme.example' },
      { name: 'Tom Baker', email: 'tom.baker@acme.example' },
      { name: 'Lucía Gómez', email: 'lucia.gomez@acme.example' },
    ],
  },
  {
    name: 'Globex',
    people: [
      { name: 'Hank Scorpio', email: 'hank@globex.example' },
      { name: 'Mirjam van den Berg', email: 'm.vandenberg@globex.example' },
      { name: 'Jürgen Weiß', email: 'j.weiss@globex.example' },
    ],
  },
  {
    name: 'Initech',
    people: [
      { name: 'Bill Lumbergh', email: 'bill.lumbergh@initech.example' },
      { name: 'Samir Nagheenanajar', email: 'samir@initech.example' },
      { name: "Siobhán O'Neill", email: 'siobhan.oneill@initech.example' },
    ],
  },
  {
    name: 'Contoso',
    people: [
      { name: '山田 太郎', email: 'taro.yamada@contoso.example' },
      { name: 'Katrín Jónsdóttir', email: 'katrin@contoso.example' },
      { name: 'Wei Zhang', email: 'wei.zhang@eu.contoso.example' },
    ],
  },
  {
    name: 'Vandelay Industries',
    people: [
      { name: 'Art Vandelay', email: 'art@vandelay.example' },
      { name: 'Grace Mutombo', email: 'grace.mutombo@vandelay.example' },
    ],
  },
  {
    name: 'Walk-in customer',
    people: [
      { name: 'Jo March', email: 'jo.march.1868@gmail.com' },
      { name: 'Pip Pirrip', email: 'great.expectations@gmail.com' },
      { name: '+1 415 555 0142', email: null },
      { name: 'Guest', email: null },
    ],
  },
];

/** Machines that sit in meetings and look like people. */
export const notetakers: readonly SandboxPerson[] = [
  { name: 'Otter.ai', email: null },
  { name: "Ann's Notetaker", email: null },
  { name: 'Fireflies.ai Notetaker', email: 'fred@fireflies.ai' },
];

/** The ways in which people name their meetings; `{company}` is filled in. */
export const ordinaryTitles: readonly string[] = [
  '{company} demo',
  '{company} <> Northwind: weekly check-in',
  'Support: {company} cannot see invoices',
  '{company} renewal 2026/27',
  'Onboarding with {company} (2/3)',
  'Discovery call - {company}',
  'Quarterly business review | {company}',
];

export const unusualTitles: readonly string[] = [
  'Müller & Söhne – Angebotsbesprechung („final“)',
  '{company} 様 定例会議 📞',
  'مكالمة متابعة مع {company}',
  'Réunion “découverte” {company} — n°2',
  '  {company}\tdemo <script>alert(1)</script> & "quotes" \\ slashes/  ',
  '👩‍💻🚀 {company}',
];

/** About 1,400 characters, as when somebody pastes an agenda into the title. */
export const veryLongTitle = `{company} – agenda: ${'review open points, agree on owners and dates; '.repeat(29)}end`;

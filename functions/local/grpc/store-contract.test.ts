import './testing/serve-store.ts';
import '../../test/store-contract/store-contract.test.ts';

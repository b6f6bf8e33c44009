import { serve } from '../serve';
import { openWrit } from './writ-system';

serve((setup) => openWrit(setup, { sealed: false }));

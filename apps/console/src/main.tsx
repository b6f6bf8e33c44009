import './theme/styles';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { begin } from './session/begin';
import { takeCarried } from './session/take-key';
import { App } from './App';

// First of all: a key in the address must be gone before anything can read, send or keep the address.
const carried = takeCarried(window.location, window.history);

void begin(carried);

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root');
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);

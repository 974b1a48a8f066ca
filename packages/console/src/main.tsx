import '@fontsource-variable/inter/wght.css';
import '@fontsource/ibm-plex-mono/400.css';
import '@fontsource/ibm-plex-mono/500.css';
import '@mantine/core/styles.css';
import '@mantine/charts/styles.css';
import '@mantine/dropzone/styles.css';
import '@mantine/notifications/styles.css';
import 'virtual:theme.css';
import './theme/base.css';
import './theme/shell.css';
import './theme/components.css';
import './theme/table.css';
import './theme/job.css';
import './theme/image.css';
import './theme/search.css';
import './theme/content.css';
import './theme/forms.css';
import './theme/editor.css';
import { createRoot } from 'react-dom/client';

import { App } from './app.tsx';

// The assets are loaded. With a base URL, `#name` links would leave the current page.
document.querySelector('base')?.remove();

const root = document.getElementById('root');
if (root === null) throw new Error('the page has no #root');
createRoot(root).render(<App />);

import sys

from stack.production.start import main

sys.exit(main())

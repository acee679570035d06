"""Does innovation-leader status predict participation in IPCEIs?"""

__version__ = "0.1.0"

"""The blocks of an executed notebook to HTML, PDF, DOCX and XLSX."""
